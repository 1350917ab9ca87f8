import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import type { Schedule } from '../wire/plans.ts';
import {
  dueRuns,
  latestRuns,
  MISSED_RUNS_MAX,
  nextRunMs,
  parseSchedule,
  RUN_ATTEMPTS_MAX,
  runsBetween,
} from './schedule.ts';

const ms = (iso: string): number => Date.parse(iso);
const iso = (atMs: number): string => new Date(atMs).toISOString().replace(':00.000Z', 'Z');
const schedule = (cron: string, timeZone = 'Asia/Tokyo', startWithinMinutes = 720): Schedule => ({
  name: 'nightly',
  cron,
  timeZone,
  startWithinMinutes,
});

const accepted = [
  '1-5/2 * * * *',
  '1,2,30 * * * *',
  '0-59 * * * *',
  '0 0 * jan-mar,DEC sun,Tue',
  '0 0 * feb,apr,may,jun,jul,aug,sep,oct,nov wed,thu,sat',
  '30 2 * * *',
  '*/15 8-18 * * mon-fri',
  '0 0 1,15 * *',
  ' 5   4 * JAN 0 ',
  '0 0 29 2 *',
];
for (const cron of accepted) {
  test(`P-10 the cron expression "${cron}" is accepted`, () => {
    assert.deepEqual(parseSchedule(schedule(cron)), { allow: true });
  });
}

const refused: [string, string, string][] = [
  ['* * * * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['* * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['@daily', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['60 * * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 24 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 0 L * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 0 ? * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 0 * * 1#2', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['*/0 * * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['x30 2 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['30x 2 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['30, 2 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['5- 2 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['*/100 * * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['005 2 * * *', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 0 * * fry', 'UTC', 'SCHEDULE_CRON_INVALID'],
  ['0 0 * * *', 'UTC ', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
  ['0 0 * * *', ' UTC', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
  ['0 0 * * *', '', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
  ['0 0 31 2 *', 'UTC', 'SCHEDULE_NEVER_RUNS'],
  ['0 0 * * *', 'Mars/Olympus', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
  ['0 0 * * *', '+09:00', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
  ['0 0 * * *', '../etc', 'SCHEDULE_TIME_ZONE_UNKNOWN'],
];
for (const [cron, timeZone, code] of refused) {
  test(`P-10 the schedule "${cron}" in ${timeZone} is refused with ${code}`, () => {
    const decision = parseSchedule({ cron, timeZone });
    assert.equal(decision.allow, false);
    assert.equal(decision.allow ? '' : decision.code, code);
  });
}

for (const timeZone of ['Etc/GMT+9', 'Etc/GMT-9', 'America/Argentina/Buenos_Aires', 'GMT0']) {
  test(`P-10 the time zone ${timeZone} is accepted`, () => {
    assert.deepEqual(parseSchedule({ cron: '0 0 * * *', timeZone }), { allow: true });
  });
}

test('P-10 a refusal says which time zone or cron expression it means', () => {
  const told = (cron: string, timeZone: string): unknown => {
    const decision = parseSchedule({ cron, timeZone });
    return decision.allow || decision.params;
  };
  assert.deepEqual(told('0 0 * * *', 'Mars/Olympus'), { timeZone: 'Mars/Olympus' });
  assert.deepEqual(told('* * * *', 'UTC'), { cron: '* * * *' });
  assert.deepEqual(told('60 * * * *', 'UTC'), { cron: '60 * * * *' });
  assert.deepEqual(told('0 0 31 2 *', 'UTC'), { cron: '0 0 31 2 *' });
});

test('P-12 three attempts, and fifty missed runs that are named', () => {
  assert.deepEqual([RUN_ATTEMPTS_MAX, MISSED_RUNS_MAX], [3, 50]);
});

test('P-12 an agent looks back a week for what it missed', () => {
  const nowMs = ms('2025-06-30T12:00:00Z');
  const due = dueRuns({
    schedules: [{ schedule: schedule('30 2 * * *', 'UTC'), decidedUntilMs: nowMs - 30 * DAY_MS }],
    nowMs,
  });
  assert.equal(iso(due.missed[0]?.scheduledAtMs ?? 0), '2025-06-24T02:30Z');
  assert.deepEqual([due.start.length, due.missed.length], [1, 6]);
  assert.equal(due.start[0]?.scheduleName, 'nightly');
});

const daylight: { name: string; cron: string; timeZone: string; from: string; to: string; runs: string[] }[] =
  [
    {
      name: 'Berlin skips 02:30: the run happens once, when the clocks have jumped',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2025-03-29T12:00:00Z',
      to: '2025-03-31T12:00:00Z',
      runs: ['2025-03-30T01:00Z', '2025-03-31T00:30Z'],
    },
    {
      name: 'Berlin repeats 02:30: the run happens once, at the first pass',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      from: '2025-10-25T12:00:00Z',
      to: '2025-10-27T12:00:00Z',
      runs: ['2025-10-26T00:30Z', '2025-10-27T01:30Z'],
    },
    {
      name: 'New York skips 02:30: the run happens once, when the clocks have jumped',
      cron: '30 2 * * *',
      timeZone: 'America/New_York',
      from: '2025-03-08T12:00:00Z',
      to: '2025-03-10T12:00:00Z',
      runs: ['2025-03-09T07:00Z', '2025-03-10T06:30Z'],
    },
    {
      name: 'New York repeats 01:30: the run happens once, at the first pass',
      cron: '30 1 * * *',
      timeZone: 'America/New_York',
      from: '2025-11-01T12:00:00Z',
      to: '2025-11-03T12:00:00Z',
      runs: ['2025-11-02T05:30Z', '2025-11-03T06:30Z'],
    },
    {
      name: 'an hourly run goes on hour by hour while Berlin skips one',
      cron: '0 * * * *',
      timeZone: 'Europe/Berlin',
      from: '2025-03-29T23:30:00Z',
      to: '2025-03-30T03:00:00Z',
      runs: ['2025-03-30T00:00Z', '2025-03-30T01:00Z', '2025-03-30T02:00Z', '2025-03-30T03:00Z'],
    },
    {
      name: 'an hourly run goes on hour by hour while Berlin repeats one',
      cron: '0 * * * *',
      timeZone: 'Europe/Berlin',
      from: '2025-10-25T22:30:00Z',
      to: '2025-10-26T02:00:00Z',
      runs: ['2025-10-25T23:00Z', '2025-10-26T00:00Z', '2025-10-26T01:00Z', '2025-10-26T02:00Z'],
    },
    {
      name: 'Tokyo has no daylight saving',
      cron: '0 0 * * *',
      timeZone: 'Asia/Tokyo',
      from: '2025-03-29T12:00:00Z',
      to: '2025-03-31T16:00:00Z',
      runs: ['2025-03-29T15:00Z', '2025-03-30T15:00Z', '2025-03-31T15:00Z'],
    },
  ];
for (const { name, cron, timeZone, from, to, runs } of daylight) {
  test(`P-10 ${name}`, () => {
    assert.deepEqual(runsBetween({ cron, timeZone }, ms(from), ms(to), 100).map(iso), runs);
  });
}

test('the run at the asked moment itself is not after it', () => {
  const at = ms('2025-06-01T02:30:00Z');
  assert.equal(nextRunMs({ cron: '30 2 * * *', timeZone: 'UTC' }, at), at + DAY_MS);
  assert.equal(nextRunMs({ cron: '30 2 * * *', timeZone: 'UTC' }, at - 1), at);
});

test('a time that does not exist has no next run, and no runs', () => {
  const never = { cron: '0 0 31 2 *', timeZone: 'UTC' };
  assert.equal(nextRunMs(never, ms('2025-06-01T00:00:00Z')), undefined);
  assert.deepEqual(runsBetween(never, ms('2025-06-01T00:00:00Z'), ms('2026-06-01T00:00:00Z'), 10), []);
});

test('no more runs are named than were asked for, the first of them', () => {
  const fromMs = ms('2025-06-01T00:00:00Z');
  const runs = runsBetween({ cron: '* * * * *', timeZone: 'UTC' }, fromMs, fromMs + HOUR_MS, 2);
  assert.deepEqual(runs.map(iso), ['2025-06-01T00:01Z', '2025-06-01T00:02Z']);
});

const crons = fc.oneof(
  fc.constantFrom('* * * * *', '*/15 * * * *', '0 * * * *', '30 2,3 * * *', '0,30 1-3 * * *', '*/20 2 * * *'),
  fc
    .tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }))
    .map(([minute, hour]) => `${minute} ${hour} * * *`),
);
const zones = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'UTC',
);
/** Around the changes of 2025 in the north and the south. */
const moments = fc
  .tuple(
    fc.constantFrom('2025-03-09', '2025-03-30', '2025-04-05', '2025-10-05', '2025-10-26', '2025-11-02'),
    fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
  )
  .map(([day, offsetMs]) => ms(`${day}T00:00:00Z`) + offsetMs);

test('property: from whichever moment one asks, the next run is the same', () => {
  fc.assert(
    fc.property(
      crons,
      zones,
      moments,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (cron, timeZone, fromMs, part) => {
        const next = nextRunMs({ cron, timeZone }, fromMs)!;
        assert.ok(next > fromMs);
        const between = Math.floor(fromMs + (next - 1 - fromMs) * part);
        assert.equal(nextRunMs({ cron, timeZone }, between), next);
      },
    ),
    { numRuns: 500 },
  );
});

test('property: a daily run happens exactly once on every local day of the year', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 0, max: 23 }),
      zones,
      (minute, hour, timeZone) => {
        const timetable = { cron: `${minute} ${hour} * * *`, timeZone };
        const runs = runsBetween(timetable, ms('2025-01-02T12:00:00Z'), ms('2025-12-30T12:00:00Z'), 400);
        const day = new Intl.DateTimeFormat('sv', { timeZone });
        assert.equal(new Set(runs.map((run) => day.format(run))).size, runs.length);
        assert.equal(runs.length, 362);
      },
    ),
    { numRuns: 40 },
  );
});

test('property: the latest runs are the tail of all runs', () => {
  fc.assert(
    fc.property(crons, zones, moments, fc.integer({ min: 1, max: 20 }), (cron, timeZone, fromMs, max) => {
      const all = runsBetween({ cron, timeZone }, fromMs, fromMs + 2 * DAY_MS, 10_000);
      assert.deepEqual(latestRuns({ cron, timeZone }, fromMs, fromMs + 2 * DAY_MS, max), all.slice(-max));
    }),
    { numRuns: 60 },
  );
});

test('P-12 after a pause only the latest missed run starts and the others are missed', () => {
  const nowMs = ms('2025-06-05T05:00:00Z');
  const due = dueRuns({
    schedules: [{ schedule: schedule('30 2 * * *', 'UTC'), decidedUntilMs: ms('2025-06-02T12:00:00Z') }],
    nowMs,
  });
  assert.deepEqual(
    due.start.map((run) => iso(run.scheduledAtMs)),
    ['2025-06-05T02:30Z'],
  );
  assert.deepEqual(
    due.missed.map((run) => iso(run.scheduledAtMs)),
    ['2025-06-03T02:30Z', '2025-06-04T02:30Z'],
  );
  assert.deepEqual(due.decidedUntilMs, { nightly: nowMs });
});

test('P-10 a run whose window has closed is missed', () => {
  const atMs = ms('2025-06-05T02:30:00Z');
  const facts = { schedule: schedule('30 2 * * *', 'UTC', 60), decidedUntilMs: atMs - HOUR_MS };
  assert.equal(dueRuns({ schedules: [facts], nowMs: atMs + 60 * MINUTE_MS }).start.length, 1);
  const late = dueRuns({ schedules: [facts], nowMs: atMs + 60 * MINUTE_MS + 1 });
  assert.deepEqual([late.start.length, late.missed.length], [0, 1]);
});

test('P-12 a clock that was set back runs nothing twice', () => {
  const atMs = ms('2025-06-05T02:30:00Z');
  const nightly = schedule('30 2 * * *', 'UTC');
  const first = dueRuns({ schedules: [{ schedule: nightly, decidedUntilMs: atMs - HOUR_MS }], nowMs: atMs });
  assert.equal(first.start.length, 1);
  const decidedUntilMs = first.decidedUntilMs['nightly']!;
  const back = dueRuns({ schedules: [{ schedule: nightly, decidedUntilMs }], nowMs: atMs - HOUR_MS });
  assert.deepEqual([back.start.length, back.missed.length], [0, 0]);
  assert.equal(back.decidedUntilMs['nightly'], atMs);
  const again = dueRuns({ schedules: [{ schedule: nightly, decidedUntilMs: atMs }], nowMs: atMs + HOUR_MS });
  assert.equal(again.start.length, 0);
});

test('a run every minute after a month of pause names a bounded number of missed runs', () => {
  const nowMs = ms('2025-06-05T02:30:00Z');
  const due = dueRuns({
    schedules: [{ schedule: schedule('* * * * *', 'UTC', 5), decidedUntilMs: nowMs - 30 * DAY_MS }],
    nowMs,
  });
  assert.deepEqual([due.start.length, due.missed.length], [1, MISSED_RUNS_MAX]);
});

test('property: whatever the clock does, no run is started twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -3 * HOUR_MS, max: 9 * HOUR_MS }), { minLength: 1, maxLength: 30 }),
      crons.filter((cron) => !cron.startsWith('* ')),
      zones,
      (jumps, cron, timeZone) => {
        let nowMs = ms('2025-10-25T12:00:00Z');
        let decidedUntilMs = nowMs;
        const seen = new Set<number>();
        for (const jumpMs of jumps) {
          nowMs += jumpMs;
          const due = dueRuns({ schedules: [{ schedule: schedule(cron, timeZone), decidedUntilMs }], nowMs });
          decidedUntilMs = due.decidedUntilMs['nightly']!;
          for (const run of [...due.start, ...due.missed]) {
            assert.ok(!seen.has(run.scheduledAtMs));
            seen.add(run.scheduledAtMs);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});
