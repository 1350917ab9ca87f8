import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import type { Schedule } from '../wire/plans.ts';
import { MISSED_GRACE_MS, runsToJudge } from './missed.ts';
import { runsBetween } from './schedule.ts';

const nightly: Schedule = { name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', startWithinMinutes: 60 };
const midnightMs = Date.parse('2025-06-01T00:00:00Z');
const dueMs = midnightMs + 2 * HOUR_MS;
const closesMs = dueMs + HOUR_MS + MISSED_GRACE_MS;
const base = { schedules: [nightly], sinceMs: midnightMs, judgedUntilMs: 0 };

test('P-12 a run is not judged before its window and the grace are over', () => {
  assert.deepEqual(runsToJudge({ ...base, nowMs: closesMs - 1 }), []);
  assert.deepEqual(runsToJudge({ ...base, nowMs: closesMs }), [
    { scheduleName: 'nightly', scheduledAtMs: dueMs },
  ]);
});
test('P-12 a run at two with a window of an hour is judged ten minutes after three', () => {
  const judgedMs = Date.parse('2025-06-01T03:10:00Z');
  assert.deepEqual(runsToJudge({ ...base, nowMs: judgedMs - 1 }), []);
  assert.equal(runsToJudge({ ...base, nowMs: judgedMs }).length, 1);
});
test('P-12 a run that was judged is not judged again', () => {
  assert.deepEqual(runsToJudge({ ...base, judgedUntilMs: closesMs, nowMs: closesMs + HOUR_MS }), []);
});
test('P-12 nothing is expected of the time before the plan covered the host', () => {
  assert.deepEqual(runsToJudge({ ...base, sinceMs: dueMs, nowMs: closesMs + HOUR_MS }), []);
});
test('P-12 after three days without the server every run of them is judged', () => {
  const runs = runsToJudge({ ...base, judgedUntilMs: midnightMs, nowMs: midnightMs + 3 * DAY_MS });
  assert.equal(runs.length, 3);
});

test('P-12 whenever the passes happen, each run is judged exactly once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 * 60 }), { minLength: 1, maxLength: 40 }),
      fc.constantFrom('0 2 * * *', '*/30 * * * *', '15 */5 * * *'),
      fc.integer({ min: 1, max: 48 * 60 }),
      (gapsMinutes, cron, startWithinMinutes) => {
        const schedule: Schedule = { name: 's', cron, timeZone: 'Asia/Tokyo', startWithinMinutes };
        const judged: number[] = [];
        let judgedUntilMs = midnightMs;
        let nowMs = midnightMs;
        for (const gap of gapsMinutes) {
          nowMs += gap * MINUTE_MS;
          const runs = runsToJudge({ schedules: [schedule], sinceMs: midnightMs, judgedUntilMs, nowMs });
          judged.push(...runs.map((run) => run.scheduledAtMs));
          judgedUntilMs = nowMs;
        }
        const expected = runsBetween(
          schedule,
          midnightMs,
          nowMs - startWithinMinutes * MINUTE_MS - MISSED_GRACE_MS,
          100_000,
        );
        assert.deepEqual(judged, expected);
      },
    ),
    { numRuns: 40 },
  );
});
