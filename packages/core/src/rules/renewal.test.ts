import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import {
  boundRenewalMs,
  nextRenewalStep,
  renewalDueMs,
  renewalJitter,
  type RenewalFacts,
} from './renewal.ts';

const YEAR_MS = 360 * DAY_MS;
const base: RenewalFacts = {
  notBeforeMs: 0,
  notAfterMs: YEAR_MS,
  jitter: 0,
  failures: 0,
  lastAttemptMs: undefined,
  forced: false,
  nowMs: 0,
};
const step = (over: Partial<RenewalFacts>): unknown => nextRenewalStep({ ...base, ...over });

const cases: [string, Partial<RenewalFacts>, unknown][] = [
  ['a new certificate waits until two thirds', {}, { state: 'wait', untilMs: 240 * DAY_MS }],
  ['at two thirds it is renewed', { nowMs: 240 * DAY_MS }, { state: 'renew' }],
  [
    'jitter moves it by up to a twelfth',
    { nowMs: 240 * DAY_MS, jitter: 0.5 },
    { state: 'wait', untilMs: 255 * DAY_MS },
  ],
  ['asked for, it is renewed at once', { nowMs: DAY_MS, forced: true }, { state: 'renew' }],
  [
    'a first failure waits a minute',
    { nowMs: 250 * DAY_MS, failures: 1, lastAttemptMs: 250 * DAY_MS },
    { state: 'wait', untilMs: 250 * DAY_MS + MINUTE_MS },
  ],
  [
    'many failures wait six hours',
    { nowMs: 250 * DAY_MS, failures: 40, lastAttemptMs: 250 * DAY_MS },
    { state: 'wait', untilMs: 250 * DAY_MS + 6 * HOUR_MS },
  ],
  [
    'near the end attempts come closer',
    { nowMs: YEAR_MS - 4 * HOUR_MS, failures: 40, lastAttemptMs: YEAR_MS - 4 * HOUR_MS },
    { state: 'wait', untilMs: YEAR_MS - 3 * HOUR_MS },
  ],
  [
    'forced still respects the distance between attempts',
    { nowMs: DAY_MS, forced: true, failures: 1, lastAttemptMs: DAY_MS },
    { state: 'wait', untilMs: DAY_MS + MINUTE_MS },
  ],
  [
    'a last attempt in the future (clock set back) does not block',
    { nowMs: 250 * DAY_MS, failures: 1, lastAttemptMs: 300 * DAY_MS },
    { state: 'wait', untilMs: 250 * DAY_MS + MINUTE_MS },
  ],
  [
    'a second failure waits two minutes',
    { nowMs: 250 * DAY_MS, failures: 2, lastAttemptMs: 250 * DAY_MS },
    { state: 'wait', untilMs: 250 * DAY_MS + 2 * MINUTE_MS },
  ],
  [
    'an attempt that did not fail holds nothing up',
    { nowMs: 250 * DAY_MS, failures: 0, lastAttemptMs: 250 * DAY_MS },
    { state: 'renew' },
  ],
  [
    'failures of which no time is known hold nothing up',
    { nowMs: 250 * DAY_MS, failures: 3 },
    { state: 'renew' },
  ],
  [
    'a quarter of what is left is counted in whole milliseconds',
    { nowMs: YEAR_MS - 7, failures: 40, lastAttemptMs: YEAR_MS - 7 },
    { state: 'wait', untilMs: YEAR_MS - 6 },
  ],
  [
    'what the server says comes before the own reckoning',
    { nowMs: DAY_MS, jitter: 0.5, renewAtMs: 2 * DAY_MS },
    { state: 'wait', untilMs: 2 * DAY_MS },
  ],
  [
    'what the server says is due at its moment',
    { nowMs: 2 * DAY_MS, renewAtMs: 2 * DAY_MS },
    { state: 'renew' },
  ],
  [
    'a server that says too late is heard as late as is safe',
    { nowMs: DAY_MS, renewAtMs: 10 * YEAR_MS },
    { state: 'wait', untilMs: 300 * DAY_MS },
  ],
  ['a moment before the certificate began means now', { nowMs: DAY_MS, renewAtMs: -5 }, { state: 'renew' }],
  [
    'what the server says does not hurry attempts that fail',
    { nowMs: DAY_MS, renewAtMs: 0, failures: 1, lastAttemptMs: DAY_MS },
    { state: 'wait', untilMs: DAY_MS + MINUTE_MS },
  ],
  ['an expired certificate is not renewed', { nowMs: YEAR_MS }, { state: 'expired' }],
];
for (const [name, over, expected] of cases) {
  test(`T-04 ${name}`, () => {
    assert.deepEqual(step(over), expected);
  });
}

test('T-04 two thirds are counted from the beginning of the certificate', () => {
  const facts = { notBeforeMs: 90 * DAY_MS, notAfterMs: 120 * DAY_MS, jitter: 0 };
  assert.equal(renewalDueMs(facts), 110 * DAY_MS);
  assert.equal(renewalDueMs({ ...facts, jitter: 0.4 }), 111 * DAY_MS);
});

test('T-09 renewal information never leaves less than a sixth of the lifetime, nor leads before it', () => {
  const lifetime = { notBeforeMs: 1_000, notAfterMs: 1_000 + 60 * DAY_MS };
  assert.equal(boundRenewalMs(lifetime, 0), 1_000);
  assert.equal(boundRenewalMs(lifetime, 5_000), 5_000);
  assert.equal(boundRenewalMs(lifetime, 99 * DAY_MS), 1_000 + 50 * DAY_MS);
});

test('T-04 property: renewal starts between two thirds and three quarters of any lifetime', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: HOUR_MS, max: 825 * DAY_MS }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (lifetimeMs, jitter) => {
        const dueMs = renewalDueMs({ notBeforeMs: 0, notAfterMs: lifetimeMs, jitter });
        assert.ok(Number.isInteger(dueMs));
        assert.ok(dueMs >= Math.floor((lifetimeMs * 2) / 3) && dueMs <= lifetimeMs * 0.7501);
      },
    ),
  );
});

test('T-04 property: an agent that follows the steps and always fails tries at least ten times before expiry', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: DAY_MS, max: 825 * DAY_MS }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (lifetimeMs, jitter) => {
        let nowMs = 0;
        let failures = 0;
        let lastAttemptMs: number | undefined;
        for (let turns = 0; turns < 1000; turns += 1) {
          const next = nextRenewalStep({
            ...base,
            notAfterMs: lifetimeMs,
            jitter,
            nowMs,
            failures,
            lastAttemptMs,
          });
          if (next.state === 'expired' || lifetimeMs - nowMs < MINUTE_MS) break;
          if (next.state === 'renew') {
            failures += 1;
            lastAttemptMs = nowMs;
          } else nowMs = Math.max(next.untilMs, nowMs + 1);
        }
        assert.ok(failures >= 10);
      },
    ),
    { numRuns: 50 },
  );
});

test('T-09 the jitter of a certificate is the beginning of its fingerprint, as a part of one', () => {
  for (const [fingerprint, jitter] of [
    ['0'.repeat(64), 0],
    ['80000000'.padEnd(64, 'f'), 0.5],
    ['40000000'.padEnd(64, '0'), 0.25],
    [`00000001${'f'.repeat(56)}`, 2 ** -32],
  ] as const)
    assert.equal(renewalJitter(fingerprint), jitter);
  assert.ok(renewalJitter('f'.repeat(64)) < 1);
});
