import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import type { Fetchable } from '@sekisho/core/wire/agent.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PUSH_LATE_MS, PUSH_PAUSE_MS, PushPacer, PUSHES_AT_ONCE } from './push-pacer.ts';

const hostOf = (n: number): HostId => parseHostId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)!;

test('F-03 a few agents are told at once, a fleet in groups, each agent once and of everything that waits for it', async () => {
  const clock = new FakeClock();
  const told: [HostId, readonly Fetchable[]][] = [];
  const pacer = new PushPacer(clock, (hostId, fetch) => told.push([hostId, fetch]));
  const fleet = Array.from({ length: PUSHES_AT_ONCE * 2 + 5 }, (_, n) => hostOf(n + 1));
  for (const hostId of fleet) pacer.push(hostId, ['bundle']);
  assert.equal(told.length, PUSHES_AT_ONCE);
  for (const hostId of fleet) pacer.push(hostId, ['list']);
  await clock.advance(PUSH_PAUSE_MS);
  assert.equal(told.length, PUSHES_AT_ONCE * 2);
  await clock.advance(PUSH_PAUSE_MS * 3);
  assert.equal(clock.pendingTimers, 0);
  const of = (n: number): Fetchable[] => told.filter(([id]) => id === fleet[n]).flatMap(([, fetch]) => fetch);
  for (const n of fleet.keys()) assert.deepEqual(of(n), ['bundle', 'list'], `host ${n + 1}`);
  // whoever waited was told of both together; the first ones had been told already
  assert.equal(told.length, fleet.length + PUSHES_AT_ONCE);
});

test('F-03 while the loop is busy fewer are told at once, and more again when it is not', () => {
  let nowMs = 0;
  const due: (() => void)[] = [];
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer: (_ms: number, call: () => void) => {
      due.push(call);
      return () => undefined;
    },
    sleep: () => Promise.resolve(),
  };
  let told = 0;
  const pacer = new PushPacer(clock, () => (told += 1));
  for (let n = 1; n <= 200; n += 1) pacer.push(hostOf(n), ['policy']);
  const after = (pauseMs: number): number => {
    const before = told;
    nowMs += pauseMs;
    due.shift()?.();
    return told - before;
  };
  const lateMs = PUSH_PAUSE_MS + PUSH_LATE_MS + 1;
  assert.deepEqual([lateMs, lateMs, lateMs].map(after), [10, 5, 4]);
  assert.deepEqual([PUSH_PAUSE_MS, PUSH_PAUSE_MS].map(after), [5, 6]);
});

test('F-03 after a stop nobody is told any more', async () => {
  const clock = new FakeClock();
  let told = 0;
  const pacer = new PushPacer(clock, () => (told += 1));
  for (let n = 1; n <= PUSHES_AT_ONCE + 1; n += 1) pacer.push(hostOf(n), ['policy']);
  pacer.stop();
  await clock.advance(PUSH_PAUSE_MS * 2);
  assert.deepEqual([told, clock.pendingTimers], [PUSHES_AT_ONCE, 0]);
});
