import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { expiryAlert, isOwnRenewalDue, RENEWAL_OVERDUE } from './expiry.ts';

const long = { notBeforeMs: 0, notAfterMs: 824 * DAY_MS };
const short = { notBeforeMs: 0, notAfterMs: 90 * DAY_MS };
const cases: readonly [string, typeof long, number, number | undefined][] = [
  ['61 days ahead nobody is told', long, 61, undefined],
  ['60 days ahead', long, 60, 60],
  ['31 days ahead the first alert still stands', long, 31, 60],
  ['30 days ahead', long, 30, 30],
  ['14 days ahead', long, 14, 14],
  ['7 days ahead', long, 7, 7],
  ['1 day ahead', long, 1, 1],
  ['after its end the last one stands', long, -3, 1],
  ['a short-lived one in good time', short, 31, undefined],
  ['a short-lived one whose renewal is overdue', short, 15, RENEWAL_OVERDUE],
];
for (const [title, lifetime, daysLeft, expected] of cases)
  test(`F-35 ${title}`, () => {
    assert.equal(expiryAlert(lifetime, lifetime.notAfterMs - daysLeft * DAY_MS), expected);
  });

test('F-35 the server’s own certificates are renewed before anybody is told', () => {
  assert.equal(isOwnRenewalDue(long, long.notAfterMs - 90 * DAY_MS), true);
  assert.equal(isOwnRenewalDue(long, long.notAfterMs - 90 * DAY_MS - HOUR_MS), false);
  assert.equal(isOwnRenewalDue(short, short.notAfterMs - 30 * DAY_MS), true);
  assert.equal(isOwnRenewalDue(short, short.notAfterMs - 31 * DAY_MS), false);
});
