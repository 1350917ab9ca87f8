import { AppError } from '@sekisho/core/errors.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey } from '../../http/connections.ts';
import {
  AttemptLimits,
  REQUESTS_PER_MINUTE_MAX,
  SENDERS_MAX,
  TOKEN_FAILURES_MAX,
  TOKEN_FAILURES_WINDOW_MS,
} from './attempt-limits.ts';
import { forwardRecordsMatch } from './forward-records.ts';

const isLimited = (error: unknown): boolean => error instanceof AppError && error.code === 'RATE_LIMITED';

test('T-15 more requests of one address than a minute allows are refused, with the seconds to wait', async () => {
  const clock = new FakeClock();
  const limits = new AttemptLimits(clock);
  for (let n = 0; n < REQUESTS_PER_MINUTE_MAX; n += 1) limits.take('192.0.2.1');
  assert.throws(
    () => {
      limits.take('192.0.2.1');
    },
    (error: unknown) => isLimited(error) && error instanceof AppError && error.params['retrySeconds'] === 60,
  );
  limits.take('192.0.2.2');
  await clock.advance(60_000);
  limits.take('192.0.2.1');
});

test('T-13 an IPv6 sender is its /64, so that it cannot guess from 2^64 addresses', () => {
  const limits = new AttemptLimits(new FakeClock());
  for (let n = 0; n < TOKEN_FAILURES_MAX; n += 1) limits.tokenRefused(`2001:db8::${(n + 1).toString(16)}`);
  assert.throws(() => {
    limits.take('2001:db8::ffff');
  }, isLimited);
  limits.take('2001:db8:0:1::1');
});

test('T-50 who guesses keys under one name holds up no other name at that address, until the address has too many', async () => {
  const clock = new FakeClock();
  const limits = new AttemptLimits(clock, 3 * TOKEN_FAILURES_MAX);
  const come = (name: string): string => {
    try {
      limits.take('192.0.2.1');
      limits.requireClaim(name, '192.0.2.1');
      return 'asked';
    } catch (error) {
      return isLimited(error) ? 'waits' : String(error);
    }
  };
  const guess = (name: string): void => {
    for (let n = 0; n < TOKEN_FAILURES_MAX; n += 1) limits.claimRefused(name, '192.0.2.1');
  };
  guess('old-01');
  assert.deepEqual([come('old-01'), come('old-02')], ['waits', 'asked']);
  limits.requireClaim('old-01', '192.0.2.2');
  guess('old-02');
  assert.equal(come('old-03'), 'asked');
  guess('old-04');
  assert.equal(come('old-03'), 'waits', 'whoever it says it is');
  await clock.advance(TOKEN_FAILURES_WINDOW_MS);
  assert.deepEqual(['old-01', 'old-02', 'old-03'].map(come), ['asked', 'asked', 'asked']);
});

test('the table of senders is bounded', () => {
  const limits = new AttemptLimits(new FakeClock());
  for (let n = 0; n < SENDERS_MAX + 500; n += 1) limits.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  assert.equal(limits.size, SENDERS_MAX);
});

for (const [address, key] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  [undefined, 'unknown'],
] as const) {
  test(`${address ?? 'no address'} counts as ${key}`, () => {
    assert.equal(addressKey(address), key);
  });
}

test('T-12 forward records must contain the socket address, for every requested name', async () => {
  const records: Record<string, string[]> = { 'a.example': ['192.0.2.1', '::1'], 'b.example': ['192.0.2.2'] };
  const resolve = (name: string): Promise<string[]> =>
    name === 'broken.example' ? Promise.reject(new Error('SERVFAIL')) : Promise.resolve(records[name] ?? []);
  for (const [names, address, expected] of [
    [['a.example'], '192.0.2.1', true],
    [['a.example'], '::ffff:192.0.2.1', true],
    [['a.example', '192.0.2.1'], '192.0.2.1', true],
    [['a.example', '192.0.2.9'], '192.0.2.1', false],
    [['a.example', 'b.example'], '192.0.2.1', false],
    [['nowhere.example'], '192.0.2.1', false],
    [['broken.example'], '192.0.2.1', false],
    [['a.example'], undefined, false],
    [[], '192.0.2.1', false],
  ] as const) {
    assert.equal(await forwardRecordsMatch(names, address, resolve), expected, names.join());
  }
});
