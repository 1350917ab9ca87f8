import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../main.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { sampleRoutes } from '../testing/sample-domain.ts';

/** Every command that destroys, and the request that does it. */
const DESTROYERS = [
  { argv: ['cert', 'revoke', 'web-01'], act: /POST \/v1\/hosts\/.*\/revoke/ },
  { argv: ['plan', 'delete', 'web files'], act: /DELETE \/v1\/plans\// },
  { argv: ['point', 'delete', '9c2f'], act: /"preview":false/ },
  { argv: ['point', 'maintain', 'web-01'], act: /"preview":false/ },
  { argv: ['restore', 'run', 'latest', '--original', '--conflict', 'overwrite'], act: /POST \/v1\/restores/ },
] as const;

const CASES = [
  {
    how: 'without a terminal',
    flags: [],
    tty: false,
    input: 'y\n',
    acts: false,
    code: 'CONFIRMATION_NEEDED',
  },
  {
    how: 'with --json and no --yes',
    flags: ['--json'],
    tty: true,
    input: 'y\n',
    acts: false,
    code: 'CONFIRMATION_NEEDED',
  },
  {
    how: 'answered with nothing',
    flags: [],
    tty: true,
    input: '\n',
    acts: false,
    code: 'CONFIRMATION_DECLINED',
  },
  { how: 'answered with no', flags: [], tty: true, input: 'n\n', acts: false, code: 'CONFIRMATION_DECLINED' },
  { how: 'at the end of input', flags: [], tty: true, input: '', acts: false, code: 'INTERRUPTED' },
  { how: 'answered with yes', flags: [], tty: true, input: 'y\n', acts: true, code: undefined },
  { how: 'with --yes', flags: ['--yes'], tty: false, input: '', acts: true, code: undefined },
] as const;

for (const { argv, act } of DESTROYERS) {
  for (const { how, flags, tty, input, acts, code } of CASES) {
    test(`P-13 S-01 "${argv.join(' ')}" ${how} ${acts ? 'acts' : 'changes nothing'}`, async (context) => {
      const server = await startFakeServer(sampleRoutes());
      context.after(() => server.close());
      const terminal = fakeTerminal({ env: { SEKISHO_DATA: server.dataFolder }, tty, input });
      const exitCode = await runCli([...argv, ...flags], terminal.io);
      const sent = [...server.requests, ...server.bodies.map((body) => JSON.stringify(body))];
      assert.equal(
        sent.some((one) => act.test(one)),
        acts,
      );
      if (code === undefined) assert.equal(exitCode, 0);
      else assert.match(terminal.stderr() + terminal.stdout(), new RegExp(code));
    });
  }
}
