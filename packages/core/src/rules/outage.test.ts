import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockSetBackMs, outageMs } from './outage.ts';

const T0 = 1_000_000;

const outages: readonly [string, number, number | null, number, number][] = [
  ['a process that looked a second ago lost nothing', T0, 1_000, T0 + 1_000, 0],
  ['a process that starts sees how long nobody looked', T0, null, T0 + 40_000, 40_000],
  ['one that starts beside others that looked lost nothing', T0, null, T0 + 1_000, 0],
  ['one that was stopped for a while sees it by its own clock', T0, 40_000, T0 + 40_000, 40_000],
  ['its own clock has fractions of milliseconds', T0, 8_644.559, T0 + 9_000, 8_645],
  ['others looked while it was stopped', T0 + 39_000, 40_000, T0 + 40_000, 0],
  ['a clock that was set forward is no outage', T0, 1_000, T0 + 4_000_000, 0],
  ['a clock that was set back is none either', T0, null, T0 - 4_000_000, 0],
];
for (const [title, watchedAtMs, ownPauseMs, nowMs, expected] of outages)
  test(`F-32 ${title}`, () => {
    assert.equal(outageMs(watchedAtMs, ownPauseMs, nowMs), expected);
  });

// the look before by wall and monotonic clock, what the row says of the last look, this look
const SETS: readonly [string, [number, number] | null, number, [number, number], number][] = [
  ['the clock ran as it should', [T0, 50], T0, [T0 + 1_000, 1_050], 0],
  ['it was set back by an hour', [T0, 50], T0, [T0 - 3_599_000, 1_050], -3_600_000],
  ['it was corrected by a second', [T0, 50], T0, [T0, 1_050], 0],
  ['it was set forward: hosts get no less for that than they had', [T0, 50], T0, [T0 + 3_601_000, 1_050], 0],
  ['the process is new, and the last look was an hour ahead', null, T0, [T0 - 3_600_000, 7], -3_600_000],
  ['the process is new, and the last look was a while ago', null, T0, [T0 + 60_000, 7], 0],
  [
    'another process looked since: only what is ahead of now counts',
    [T0, 50],
    T0 + 60_000,
    [T0 + 60_500, 60_550],
    0,
  ],
];
for (const [name, before, watchedAtMs, [nowMs, monotonicMs], expected] of SETS)
  test(`F-32 a clock that is set back makes no gate wait until it has caught up: ${name}`, () => {
    const look = before === null ? null : { nowMs: before[0], monotonicMs: before[1] };
    assert.equal(clockSetBackMs(look, watchedAtMs, { nowMs, monotonicMs }), expected);
  });
