import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSnapshotId, type SnapshotId } from '../ids.ts';
import { FORGET_PER_RUN_MAX, RETENTION_MINIMUM_AGE_MS } from '../limits.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import type { Retention } from '../wire/plans.ts';
import { removableFromMs } from './removal.ts';
import { decideRetention, type PlanRetention, type PointFacts } from './retention.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const nothing: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const id = (number: number): SnapshotId => parseSnapshotId(number.toString(16).padStart(64, '0'))!;
const point = (number: number, ageMs: number, more: Partial<PointFacts> = {}): PointFacts => ({
  id: id(number),
  receivedAtMs: nowMs - ageMs,
  planId: 'plan',
  scheduleName: 'nightly',
  removalAsked: false,
  ...more,
});
const keeps = (retention: Partial<Retention>, timeZone = 'UTC'): Map<string, PlanRetention> =>
  new Map([['plan', { retention: { ...nothing, ...retention }, timeZone }]]);
const daily = (count: number): PointFacts[] => Array.from({ length: count }, (_, n) => point(n, n * DAY_MS));

test('P-10 all zero keeps everything', () => {
  const decision = decideRetention(daily(100), keeps({}), nowMs);
  assert.deepEqual(decision.remove, []);
  assert.ok(decision.keep.every(({ reasons }) => reasons[0] === 'everything'));
});

const tables: [string, Partial<Retention>, number[]][] = [
  ['the last two', { last: 2 }, [0, 1]],
  ['one a day for three days', { daily: 3 }, [0, 1, 2]],
  // 2026-03-01 is a Sunday: the weeks end on days 0, 7 and 14 back.
  ['one a week for three weeks', { weekly: 3 }, [0, 7, 14]],
  ['one a month for three months', { monthly: 3 }, [0, 1, 29]],
  ['one a year for two years', { yearly: 2 }, [0, 60]],
  ['last and monthly together', { last: 1, monthly: 2 }, [0, 1]],
];
for (const [what, retention, kept] of tables) {
  test(`P-10 retention keeps ${what}`, () => {
    const decision = decideRetention(daily(70), keeps(retention), nowMs);
    const ids = decision.keep.filter(({ reasons }) => reasons[0] !== 'too-young').map((keep) => keep.id);
    assert.deepEqual(ids.sort(), kept.map(id).sort());
  });
}

test('P-10 of points in one hour the newest is kept, and an hour is one of the clock', () => {
  const noonMs = Date.parse('2026-02-01T12:00:00Z');
  const at = (number: number, minutes: number) =>
    point(number, 0, { receivedAtMs: noonMs + minutes * 60_000 });
  const points = [at(1, 0), at(2, 10), at(3, 59), at(4, 60), at(5, 119)];
  assert.deepEqual(decideRetention(points, keeps({ hourly: 2 }), nowMs), {
    remove: [id(1), id(2), id(4)],
    keep: [
      { id: id(3), reasons: ['hourly'] },
      { id: id(5), reasons: ['hourly'] },
    ],
  });
});

test('P-10 weeks begin on Monday, across months and years', () => {
  const decision = decideRetention(daily(120), keeps({ weekly: 12 }), nowMs);
  const weekly = decision.keep.filter(({ reasons }) => reasons[0] === 'weekly').map((keep) => keep.id);
  assert.deepEqual(weekly, Array.from({ length: 12 }, (_, week) => id(week * 7)).reverse());
});

test('P-10 a point is kept for every reason that holds, and each is told', () => {
  const every = { last: 1, hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1 };
  assert.deepEqual(decideRetention([point(1, 0)], keeps(every), nowMs).keep, [
    { id: id(1), reasons: ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] },
  ]);
});

test('P-10 of two points received together the one with the higher ID counts as newer', () => {
  const points = [point(2, 20 * DAY_MS), point(1, 20 * DAY_MS), point(3, 20 * DAY_MS)];
  const decision = decideRetention(points, keeps({ last: 1 }), nowMs);
  assert.deepEqual(decision.remove, [id(1), id(2)]);
});

test('P-10 plans are counted each by itself', () => {
  const points = [point(1, 20 * DAY_MS), point(2, 30 * DAY_MS, { planId: 'other' }), point(3, 40 * DAY_MS)];
  const plan = keeps({ last: 1 }).get('plan');
  assert.ok(plan);
  const plans = new Map([
    ['plan', plan],
    ['other', plan],
  ]);
  assert.deepEqual(decideRetention(points, plans, nowMs).remove, [id(3)]);
});

test('P-10 a day begins in the time zone of the plan', () => {
  const points = [point(1, 20 * DAY_MS), point(2, 20 * DAY_MS + 10 * HOUR_MS)]; // 12:00 and 02:00 UTC: 21:00 and 11:00 JST
  assert.deepEqual(decideRetention(points, keeps({ daily: 2 }, 'Asia/Tokyo'), nowMs).remove, [id(2)]);
  assert.deepEqual(decideRetention(points, keeps({ daily: 2 }, 'America/New_York'), nowMs).remove, []);
});

test('P-02 nothing younger than the minimum age is removed', () => {
  const young = point(1, RETENTION_MINIMUM_AGE_MS - 1);
  const old = point(2, RETENTION_MINIMUM_AGE_MS);
  const decision = decideRetention([point(0, 0), young, old], keeps({ last: 1 }), nowMs);
  assert.deepEqual(decision.remove, [old.id]);
  assert.deepEqual(decision.keep[0], { id: young.id, reasons: ['too-young'] });
});

test('P-02 one run removes no more than its number, the oldest first', () => {
  const points = Array.from({ length: FORGET_PER_RUN_MAX + 50 }, (_, n) =>
    point(n, 20 * DAY_MS + n * HOUR_MS),
  );
  const decision = decideRetention(points, keeps({ last: 1 }), nowMs);
  assert.equal(decision.remove.length, FORGET_PER_RUN_MAX);
  assert.equal(decision.remove[0], points.at(-1)!.id);
  assert.equal(decision.keep.filter(({ reasons }) => reasons[0] === 'next-run').length, 49);
});

test('P-13 a custom point is neither counted nor removed by retention', () => {
  const custom = point(1, 30 * DAY_MS, { scheduleName: null });
  const decision = decideRetention(
    [custom, point(2, 40 * DAY_MS), point(3, 50 * DAY_MS)],
    keeps({ last: 1 }),
    nowMs,
  );
  assert.deepEqual(decision.remove, [id(3)]);
  assert.deepEqual(decision.keep.find((keep) => keep.id === custom.id)?.reasons, ['custom']);
});

test('P-10 points without a plan stay', () => {
  const points = [point(1, 90 * DAY_MS, { planId: null }), point(2, 80 * DAY_MS, { planId: 'deleted' })];
  const { remove, keep } = decideRetention(points, keeps({ last: 1 }), nowMs);
  assert.deepEqual(remove, []);
  assert.deepEqual(
    keep.map(({ reasons }) => reasons),
    [['no-plan'], ['no-plan']],
  );
});

test('P-13 a plan that keeps everything tells custom points apart', () => {
  const points = [point(1, 2 * DAY_MS), point(2, DAY_MS, { scheduleName: null })];
  assert.deepEqual(decideRetention(points, keeps({}), nowMs).keep, [
    { id: id(1), reasons: ['everything'] },
    { id: id(2), reasons: ['custom'] },
  ]);
});

test('P-13 what an administrator asked to remove goes, and is not counted', () => {
  const asked = point(1, 20 * DAY_MS, { removalAsked: true });
  const decision = decideRetention([asked, point(2, 30 * DAY_MS)], keeps({ last: 1 }), nowMs);
  assert.deepEqual(decision.remove, [asked.id]);
  assert.deepEqual(decision.keep, [{ id: id(2), reasons: ['last'] }]);
});

const anyPoint = fc.record({
  id: fc.integer({ min: 0, max: 1_000_000 }).map(id),
  receivedAtMs: fc.integer({ min: nowMs - 3000 * DAY_MS, max: nowMs }),
  planId: fc.constantFrom('plan', 'other', null),
  scheduleName: fc.constantFrom('nightly', 'weekly', null),
  removalAsked: fc.boolean(),
});
const small = fc.integer({ min: 0, max: 6 });
const anyRetention = fc.record({
  last: small,
  hourly: small,
  daily: small,
  weekly: small,
  monthly: small,
  yearly: small,
});

test('P-02 for any points: each is kept or removed once, none too young, never a custom one or the last of a plan', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyPoint, { maxLength: 60, selector: (made) => made.id }),
      anyRetention,
      (points, retention) => {
        const decision = decideRetention(points, keeps(retention), nowMs);
        const all = [...decision.remove, ...decision.keep.map((keep) => keep.id)].sort();
        assert.deepEqual(all, points.map((made) => made.id).sort());
        const removed = new Set(decision.remove);
        for (const made of points.filter((one) => removed.has(one.id))) {
          assert.ok(removableFromMs(made.receivedAtMs) <= nowMs);
          if (!made.removalAsked) assert.ok(made.scheduleName !== null && made.planId === 'plan');
        }
        const counted = points.filter(
          (made) => made.planId === 'plan' && made.scheduleName !== null && !made.removalAsked,
        );
        if (counted.length > 0) assert.ok(counted.some((made) => !removed.has(made.id)));
      },
    ),
  );
});

test('P-02 a client that makes many points cannot push an older one out of its own day', () => {
  const flood = Array.from({ length: 100 }, (_, n) => point(1000 + n, n * 60_000));
  const before = decideRetention(daily(60), keeps({ daily: 30 }), nowMs);
  const after = decideRetention([...daily(60), ...flood], keeps({ daily: 30 }), nowMs);
  assert.deepEqual(after.remove, before.remove);
});
