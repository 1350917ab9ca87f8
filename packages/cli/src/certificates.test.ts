import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from './main.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';

test('T-17 T-19 a host is deployed by files, saved, uninstalled and brought back from the command line', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock, addresses: ['127.0.0.1'] });
  const cwd = await tempFolder(t);
  const data = join(cwd, 'agent');
  await writeFile(join(cwd, 'passphrase.txt'), 'correct horse battery\n', { mode: 0o600 });
  const run = async (line: string, answers?: string[]) => {
    const terminal = fakeTerminal({
      env: { SEKISHO_DATA: trust.dataFolder, LANG: 'C.UTF-8' },
      cwd,
      ...(answers === undefined ? {} : { tty: true, answers }),
    });
    const io = { ...terminal.io, clock: systemClock, random: systemRandom };
    const exitCode = await runCli(line.split(' '), io);
    return { exitCode, out: terminal.stdout(), said: terminal.stdout() + terminal.stderr() };
  };
  const host = `--data ${data}`;

  const asked = await run(`cert request ${host} --name far-01 --out far.csr --json`);
  assert.equal(asked.exitCode, 0, asked.said);
  const { sha256 } = JSON.parse(asked.out) as { sha256: string };

  const declined = await run('cert sign far.csr --out far.answer', ['n']);
  assert.equal(declined.exitCode, 1);
  assert.match(declined.said, /far-01/);
  assert.ok(declined.said.replaceAll(/[\s:]/g, '').includes(sha256), 'the digits of the request are shown');
  assert.equal(existsSync(join(cwd, 'far.answer')), false);
  const signed = await run('cert sign far.csr --out far.answer', ['y']);
  assert.equal(signed.exitCode, 0, signed.said);

  const wrong = await run(`cert install far.answer ${host} --ca-fingerprint ${'0'.repeat(64)}`);
  assert.match(wrong.said, /MANUAL_CA_MISMATCH/);
  const installed = await run(`cert install far.answer ${host} --ca-fingerprint ${trust.caFingerprint}`);
  assert.equal(installed.exitCode, 0, installed.said);

  const saved = await run(`cert export ${host} --out far.sekisho --passphrase-file passphrase.txt`);
  assert.equal(saved.exitCode, 0, saved.said);
  assert.equal((await stat(join(cwd, 'far.sekisho'))).mode & 0o777, 0o600);

  const kept = await run(`agent uninstall ${host}`, ['n']);
  assert.equal(kept.exitCode, 1);
  assert.match(kept.said, /cert export/);
  assert.ok(existsSync(join(data, 'agent.json')));
  const gone = await run(`agent uninstall ${host} --yes`);
  assert.equal(gone.exitCode, 0, gone.said);
  assert.match(gone.said, /The management server knows it\..*cert revoke far-01/s);
  assert.equal(existsSync(data), false);

  const back = await run(`cert import far.sekisho ${host} --passphrase-file passphrase.txt`);
  assert.equal(back.exitCode, 0, back.said);
  assert.match(back.said, /far-01 has its certificate back/);
  const again = await run(`cert import far.sekisho ${host} --passphrase-file passphrase.txt`);
  assert.match(again.said, /AGENT_ALREADY_SET_UP/);
});
