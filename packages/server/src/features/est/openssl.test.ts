import { systemClock } from '@sekisho/platform/clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { createToken } from '@sekisho/core/wire/trust.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PAGE = join(import.meta.dirname, '../../../../../docs/en/enrol-with-openssl.md');

/** The shell blocks of the guide's page, by the heading they stand under. */
function commandsOfPage(): Map<string, string> {
  const commands = new Map<string, string>();
  for (const section of readFileSync(PAGE, 'utf8').split(/^## /m).slice(1)) {
    const heading = section.slice(0, section.indexOf('\n')).trim();
    const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
    commands.set(heading, blocks.join('\n'));
  }
  return commands;
}

test('T-06 T-10 curl and openssl alone enrol, talk and renew, with the commands that the guide gives', async (t) => {
  const trust = await TrustServer.start(t, {
    clock: systemClock,
    addresses: ['server.example', '127.0.0.1'],
  });
  const folder = await tempFolder(t);
  const commands = commandsOfPage();
  const { ports } = trust.server;
  const shell = async (heading: string, environment: Record<string, string> = {}): Promise<string> => {
    const script = commands.get(heading);
    assert.ok(script !== undefined, heading);
    // the guide's addresses, as they are in this test
    const here = script
      .replaceAll('server.example.com:13000', `127.0.0.1:${ports.agent}`)
      .replaceAll('server.example.com:8014', `127.0.0.1:${ports.http}`);
    const { stdout } = await run('bash', ['-euc', here], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, ...environment },
    });
    return stdout;
  };
  const fingerprint = await shell('Trust the CA');
  assert.match(fingerprint.replaceAll(':', '').toLowerCase(), new RegExp(trust.caFingerprint));
  await shell('Make a key and a request');
  await assert.rejects(shell('Ask for the certificate', { TOKEN: 'wrong' }), /401/);
  const { token } = await trust.call(createToken, { body: { name: 'curl' } });
  const issued = await shell('Ask for the certificate', { TOKEN: token });
  assert.match(issued, /host\.pem: OK/);
  const used = await shell('Use it');
  assert.match(used, /"jws"/);
  const renewed = await shell('Renew it');
  assert.match(renewed, /host\.pem: OK/);
  assert.match(await shell('Use it'), /"jws"/);
});
