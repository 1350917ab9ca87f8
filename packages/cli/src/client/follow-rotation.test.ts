import type { Caller } from '@sekisho/core/wire/client.ts';
import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId, parseSha256Hex } from '@sekisho/core/ids.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { fakeTerminal, TEST_NOW_MS, type FakeTerminal } from '../testing/fake-terminal.ts';
import { cliFor } from '../testing/test-cli.ts';
import { followRotation, SERVER_AWAY_MINUTES_MAX } from './follow-rotation.ts';

const hostId = parseHostId('0c1d6a52-5d7c-4c39-9f5e-6f2b8f0c9a11');
const keyId = parseSha256Hex('ab'.repeat(32));
assert.ok(hostId && keyId);
const update: RotationView = {
  id: '7b1c2d3e-4f50-4a61-8b72-9c83ad94be05',
  kind: 'ca',
  path: 'announced',
  phase: 'rekeying',
  direction: 'forward',
  emergency: null,
  outside: false,
  fromKeyId: keyId,
  toKeyId: keyId,
  overlapSeconds: 0,
  startedBy: 'office',
  startedAtMs: TEST_NOW_MS,
  phaseSinceMs: TEST_NOW_MS,
  pausedAtMs: null,
  endedAtMs: null,
  waitsFor: 'silent-hosts',
  untilMs: TEST_NOW_MS + 90_000,
  problem: null,
  mayRollBack: true,
  hosts: { total: 10_000, acknowledged: 9_998, waiting: 0, silent: 2, late: 0, undecided: 0, accepted: 0 },
  slowest: [{ id: hostId, name: '倉庫サーバー', lastSeenAtMs: null }],
  undecided: [],
  behind: null,
  servers: [],
  steps: [],
};

/** Answers that many times with the update under way, then with one that is done; `onCall`: before each answer. */
function answers(times: number, onCall: (n: number) => void = () => undefined): Caller {
  let calls = 0;
  const call = () => {
    onCall((calls += 1));
    const done = { phase: 'done' as const, endedAtMs: TEST_NOW_MS, waitsFor: null, untilMs: null };
    return Promise.resolve(calls <= times ? update : { ...update, ...done });
  };
  // the caller's many shapes come down to this one route here
  return call as unknown as Caller;
}

const follow = (terminal: FakeTerminal, call: Caller, language: 'en' | 'ja') =>
  followRotation(cliFor(terminal, language), call, update.id);

test('F-33 the line that moves fits a narrow terminal in both languages, and is gone at the end', async () => {
  for (const language of ['en', 'ja'] as const)
    for (const columns of [50, 80]) {
      const terminal = fakeTerminal({ tty: true, columns });
      const view = await follow(terminal, answers(3), language);
      assert.equal(view.phase, 'done');
      const lines = terminal.stderr().split(/\r\u001b\[K/);
      assert.equal(lines.at(-1), '');
      for (const line of lines) assert.ok(stringWidth(line) < columns, line);
      if (columns === 80) assert.match(lines[0] ?? '', /倉庫サーバー/);
      assert.match(lines[0] ?? '', language === 'en' ? /9,998 of 10,000/ : /9,998 \/ 10,000 台/);
    }
});

test('F-33 in a pipe a line comes only when it says something else, and none moves', async () => {
  const terminal = fakeTerminal();
  await follow(terminal, answers(5), 'en');
  assert.equal(terminal.stderr().split('\n').length, 2);
  assert.doesNotMatch(terminal.stderr(), /\u001b|\r/);
});

test('F-33 Ctrl-C ends the watching and says how far the update is', async () => {
  const terminal = fakeTerminal({ tty: true });
  const stop = (n: number): void => {
    if (n === 2) terminal.interrupt();
  };
  const view = await follow(terminal, answers(100, stop), 'ja');
  assert.equal(view.phase, 'rekeying');
  assert.ok(terminal.stderr().endsWith('\r\u001b[K'));
});

/** Answers, is away for so many calls, answers that it has ended. */
const restarted = (callsAway: number): Caller =>
  answers(callsAway + 1, (n) => {
    if (n > 1 && n <= callsAway + 1) throw new AppError('SERVER_NOT_RUNNING', { folder: '/srv/sekisho' });
  });

test('F-33 a server that is started again is waited for: on a terminal, through a pipe and with --json', async () => {
  for (const tty of [true, false])
    for (const json of [true, false]) {
      const terminal = fakeTerminal({ tty, columns: 60 });
      const cli = { ...cliFor(terminal, 'en'), json };
      assert.equal((await followRotation(cli, restarted(30), update.id)).phase, 'done');
      const said = terminal.stderr().split(/\r\u001b\[K|\n/);
      const away = said.filter((line) => line === 'The server does not answer; waiting until it does …');
      assert.equal(away.length, json ? 0 : tty ? 30 : 1);
    }
});

test('F-33 a server that stays away ends the watching with the command to look again, and other refusals at once', async () => {
  const terminal = fakeTerminal();
  await assert.rejects(follow(terminal, restarted(100_000), 'en'), (error) => {
    assert.ok(error instanceof AppError && error.code === 'ROTATION_OUT_OF_SIGHT');
    assert.equal(error.params['id'], update.id);
    return true;
  });
  assert.equal(terminal.io.clock.monotonicMs(), (1 + SERVER_AWAY_MINUTES_MAX * 60) * 1_000);
  const refusing = answers(9, () => {
    throw new AppError('API_KEY_REFUSED');
  });
  await assert.rejects(follow(terminal, refusing, 'en'), { code: 'API_KEY_REFUSED' });
});

test('F-33 Ctrl-C ends the watching while the server is away', async () => {
  const terminal = fakeTerminal();
  const call = answers(100, (n) => {
    if (n === 3) terminal.interrupt();
    if (n > 1) throw new AppError('SERVER_STOPPING');
  });
  assert.equal((await follow(terminal, call, 'en')).phase, 'rekeying');
});
