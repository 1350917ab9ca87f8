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

test('T-09 a drill begins at once and is spread: few hosts within seconds, many within ten minutes', () => {
  assert.deepEqual(drillMoments(0, 5), []);
  assert.deepEqual(drillMoments(3, 1_000), [1_000, 1_100, 1_200]);
  const last = drillMoments(10_000, 0).at(-1) ?? 0;
  assert.ok(last > 9 * 60_000 && last < 10 * 60_000);
});
