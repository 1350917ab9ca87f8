import { systemClock } from '@sekisho/platform/clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { ROOT } from './root.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
const RUN_MS_MAX = 60_000;

const said = z.object({
  error: z.object({ code: z.string(), hint: z.string(), params: z.record(z.string(), z.unknown()) }),
});

/** Runs a real command on a machine whose clock is off: OpenSSL's own clock too, which no injected clock reaches. */
function underClock(
  offset: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'faketime',
      ['-f', offset, SEKISHO, ...args, '--json'],
      {
        env: {
          PATH: process.env['PATH'],
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
          NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        },
        timeout: RUN_MS_MAX,
      },
      (_error, stdout) => {
        resolve({ code: child.exitCode, stdout });
      },
    );
  });
}

async function refusalUnder(offset: string, args: readonly string[]) {
  const { code, stdout } = await underClock(offset, args);
  assert.equal(code, 1, stdout);
  return said.parse(JSON.parse(stdout)).error;
}

test('T-15 T-02 hosts whose clock is off are told so, and no token is spent', async (t) => {
  const trust = await TrustServer.start(t, { dialect: 'sqlite', clock: systemClock });
  const folder = await tempFolder(t);
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, await trust.token(), { mode: 0o600 });
  const data = join(folder, 'agent');
  const setup = [
    ...['agent', 'setup', '--data', data, '--name', 'drifting', '--token-file', tokenFile],
    ...['--server', `127.0.0.1:${trust.server.ports.agent}`, '--ca-fingerprint', trust.caFingerprint],
  ];

  const fast = await refusalUnder('+1h', setup);
  assert.equal(fast.code, 'CLOCK_SKEW');
  assert.ok(typeof fast.params['serverTime'] === 'string', 'the answer tells the server’s time');
  const slow = await refusalUnder('-1h', setup);
  // the server's certificate is ten minutes old: an hour ago it did not exist yet
  assert.equal(slow.code, 'PEER_CERTIFICATE_NOT_YET_VALID');
  const late = await refusalUnder('+900d', setup);
  assert.equal(late.code, 'PEER_CERTIFICATE_EXPIRED', 'the server’s own certificate has expired by then');

  const { code, stdout } = await underClock('+0', setup);
  assert.equal(code, 0, `the token is still good: ${stdout}`);
  const expired = await refusalUnder('+400d', ['agent', 'run', '--data', data]);
  assert.equal(expired.code, 'CERTIFICATE_EXPIRED');
  assert.match(expired.hint, /agent setup .*--reissue/, 'the way back is a command');
});
