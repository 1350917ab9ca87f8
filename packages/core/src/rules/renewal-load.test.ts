import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { boundRenewalMs, renewalDueMs, renewalJitter } from './renewal.ts';
import {
  addRenewals,
  comingRenewalMs,
  DAY_RENEWALS_FREE,
  drillMoments,
  spreadRenewals,
  type ComingRenewal,
} from './renewal-load.ts';

const NOW_MS = 1_000 * DAY_MS;
const fingerprintOf = (n: number): string => createHash('sha256').update(String(n)).digest('hex');
const one = (n: number, over: Partial<ComingRenewal> = {}): ComingRenewal => ({
  fingerprint: fingerprintOf(n),
  notBeforeMs: NOW_MS,
  notAfterMs: NOW_MS + 360 * DAY_MS,
  renewAtMs: null,
  ...over,
});
const forecastRenewals = (coming: readonly ComingRenewal[], days: number, nowMs: number): number[] => {
  const load = new Array<number>(days).fill(0);
  addRenewals(load, coming, nowMs);
  return load;
};
const many = (count: number, over: Partial<ComingRenewal> = {}): ComingRenewal[] =>
  Array.from({ length: count }, (_, n) => one(n, over));
const moved = (coming: readonly ComingRenewal[], nowMs = NOW_MS): ComingRenewal[] => {
  const moves = spreadRenewals(coming, nowMs);
  return coming.map((entry) => ({ ...entry, renewAtMs: moves.get(entry.fingerprint) ?? entry.renewAtMs }));
};

test('T-09 hosts that enrolled in the same moment renew over a month, each on the day that the agent reckons too', () => {
  const coming = many(3_000);
  const load = forecastRenewals(coming, 300, NOW_MS);
  assert.equal(
    load.reduce((sum, day) => sum + day, 0),
    3_000,
  );
  assert.deepEqual([load.findIndex((day) => day > 0), load.findLastIndex((day) => day > 0)], [240, 269]);
  for (const entry of coming.slice(0, 20))
    assert.equal(
      comingRenewalMs(entry),
      renewalDueMs({ ...entry, jitter: renewalJitter(entry.fingerprint) }),
    );
  assert.equal(spreadRenewals(coming, NOW_MS).size, 0, 'nothing to move');
});

test('T-09 a day that a drill or a restored fleet filled gives its surplus to its neighbours', () => {
  const crowded = NOW_MS + 250 * DAY_MS + HOUR_MS;
  const coming = many(2_000, { renewAtMs: crowded });
  const load = forecastRenewals(moved(coming), 360, NOW_MS);
  assert.equal(Math.max(...load), 100);
  assert.equal(
    load.reduce((sum, day) => sum + day, 0),
    2_000,
  );
  assert.deepEqual(spreadRenewals(moved(coming), NOW_MS).size, 0, 'what is spread stays where it is');
});

test('T-09 a small fleet is left alone, and so are short lives and what is due today', () => {
  assert.equal(spreadRenewals(many(DAY_RENEWALS_FREE, { renewAtMs: NOW_MS + 250 * DAY_MS }), NOW_MS).size, 0);
  const short = { notAfterMs: NOW_MS + 2 * DAY_MS };
  assert.equal(spreadRenewals(many(500, short), NOW_MS).size, 0);
  assert.equal(spreadRenewals(many(500, { renewAtMs: NOW_MS + HOUR_MS }), NOW_MS).size, 0);
});

test('T-09 overdue renewals count to the first day, and those beyond the last one do not count', () => {
  const overdue = one(1, { renewAtMs: NOW_MS - 5 * DAY_MS, notBeforeMs: NOW_MS - 90 * DAY_MS });
  assert.deepEqual(forecastRenewals([overdue, one(2)], 3, NOW_MS), [1, 0, 0]);
});

test('T-09 property: whatever is moved stays within half of its lifetime and what is safe, and no day grows beyond its share', () => {
  const certificate = fc.record({
    n: fc.integer(),
    bornDaysAgo: fc.integer({ min: 0, max: 200 }),
    lifeDays: fc.integer({ min: 1, max: 825 }),
    renewInDays: fc.option(fc.integer({ min: -10, max: 20 }), { nil: null }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(certificate, { selector: ({ n }) => n, maxLength: 300 }), (drawn) => {
      const coming = drawn.map(({ n, bornDaysAgo, lifeDays, renewInDays }) => ({
        fingerprint: fingerprintOf(n),
        notBeforeMs: NOW_MS - bornDaysAgo * DAY_MS,
        notAfterMs: NOW_MS + (lifeDays - bornDaysAgo) * DAY_MS,
        renewAtMs: renewInDays === null ? null : NOW_MS + renewInDays * DAY_MS,
      }));
      const before = forecastRenewals(coming, 900, NOW_MS);
      const moves = spreadRenewals(coming, NOW_MS);
      for (const entry of coming) {
        const toMs = moves.get(entry.fingerprint);
        if (toMs === undefined) continue;
        assert.equal(boundRenewalMs(entry, toMs), toMs);
        assert.ok(toMs >= (entry.notBeforeMs + entry.notAfterMs) / 2 - DAY_MS);
      }
      const after = forecastRenewals(moved(coming), 900, NOW_MS);
      after.forEach((load, day) => {
        assert.ok(load <= Math.max(before[day] ?? 0, DAY_RENEWALS_FREE));
      });
    }),
    { numRuns: 50 },
  );
});

test('T-09 a drill begins at once and is spread: few hosts within seconds, many within twenty minutes', () => {
  assert.deepEqual(drillMoments(0, 5), []);
  assert.deepEqual(drillMoments(3, 1_000), [1_000, 1_200, 1_400]);
  const last = drillMoments(10_000, 0).at(-1) ?? 0;
  assert.ok(last > 19 * 60_000 && last < 20 * 60_000);
});

/** So many renewals more than a day may have, all at one hour of the same day. */
const crowd = (surplus: number, day: number, over: Partial<ComingRenewal> = {}): ComingRenewal[] =>
  many(DAY_RENEWALS_FREE + surplus, { renewAtMs: NOW_MS + day * DAY_MS + HOUR_MS, ...over });
const movesOf = (coming: readonly ComingRenewal[], nowMs = NOW_MS): number[] =>
  [...spreadRenewals(coming, nowMs).values()].map((atMs) => (atMs - nowMs - HOUR_MS) / DAY_MS);

test('T-09 the surplus goes to the nearest days, the earlier first, at the same hour', () => {
  assert.deepEqual(movesOf(crowd(0, 250)), []);
  assert.deepEqual(movesOf(crowd(1, 250)), [249]);
  assert.deepEqual(
    movesOf(crowd(3 * DAY_RENEWALS_FREE, 250)),
    [249, 251, 248].flatMap((day) => new Array<number>(DAY_RENEWALS_FREE).fill(day)),
  );
});

test('T-09 the surplus stays between half of the lifetime and the day before what is safe', () => {
  // of 360 days: half is 180, the latest 300
  assert.deepEqual(movesOf(crowd(1, 182)), [181]);
  assert.deepEqual(movesOf(crowd(1, 181)), [182]);
  assert.deepEqual(movesOf(crowd(1, 299)), [298]);
  const born = { notBeforeMs: NOW_MS - 200 * DAY_MS, notAfterMs: NOW_MS + 160 * DAY_MS };
  assert.deepEqual(movesOf(crowd(1, 1, born)), [2], 'nothing is moved to today');
  assert.equal(Math.max(...movesOf(crowd(9 * DAY_RENEWALS_FREE, 298))), 299);
  assert.equal(Math.min(...movesOf(crowd(9 * DAY_RENEWALS_FREE, 183))), 181);
});

test('T-09 a surplus that no day can take stays where it is', () => {
  // of 14 days: half is 7, the latest 11, so that only the days 8 to 10 may take it
  const short = { notAfterMs: NOW_MS + 14 * DAY_MS };
  const moves = movesOf(crowd(5 * DAY_RENEWALS_FREE, 9, short));
  assert.equal(moves.length, 2 * DAY_RENEWALS_FREE);
  assert.deepEqual(
    [8, 9, 10].map((day) => moves.filter((one) => one === day).length),
    [DAY_RENEWALS_FREE, 0, DAY_RENEWALS_FREE],
  );
  const full = (...days: number[]) => days.flatMap((day) => new Array<number>(DAY_RENEWALS_FREE).fill(day));
  assert.deepEqual(movesOf(crowd(3 * DAY_RENEWALS_FREE, 10, short)), full(9, 8));
  assert.deepEqual(movesOf(crowd(3 * DAY_RENEWALS_FREE, 8, short)), full(9, 10));
  assert.deepEqual(movesOf(crowd(9, 9, { notAfterMs: short.notAfterMs - 1 })), [], 'a shorter life');
});

test('T-09 of a crowded day the first by time, then by fingerprint, are moved, in whatever order they come', () => {
  const coming = crowd(2, 250);
  const expected = coming
    .map(({ fingerprint }) => fingerprint)
    .sort()
    .slice(0, 2);
  assert.deepEqual([...spreadRenewals(coming, NOW_MS).keys()], expected);
  assert.deepEqual([...spreadRenewals(coming.toReversed(), NOW_MS).keys()], expected);
  const early = { ...one(99_999), renewAtMs: NOW_MS + 250 * DAY_MS };
  assert.deepEqual([...spreadRenewals([...coming, early], NOW_MS).keys()], [early.fingerprint, ...expected]);
});

test('T-09 the last day of a forecast counts, and the one after it does not', () => {
  const at = (day: number): ComingRenewal => one(day, { renewAtMs: NOW_MS + day * DAY_MS });
  const load = [0, 0, 0];
  addRenewals(load, [at(0), at(2), at(2), at(3)], NOW_MS);
  assert.deepEqual(load, [1, 0, 2]);
});
