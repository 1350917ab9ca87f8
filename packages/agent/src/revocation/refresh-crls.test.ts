import { HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refreshCrls } from './refresh-crls.ts';

test('T-41 F-01 lists are asked for as often as the policy says, and a policy that comes in between counts at once', async () => {
  const clock = new FakeClock();
  const stopping = new AbortController();
  let periodSeconds = 8 * 3600;
  let asked = 0;
  const running = refreshCrls({
    periodSeconds: () => periodSeconds,
    fetch: () => (asked += 1),
    clock,
    random: { ...systemRandom, fraction: () => 0.5 }, // exactly the period
    signal: stopping.signal,
  });
  assert.equal(asked, 1, 'at once');
  await clock.advance(8 * HOUR_MS - MINUTE_MS);
  assert.equal(asked, 1);
  await clock.advance(MINUTE_MS);
  assert.equal(asked, 2);
  await clock.advance(10 * MINUTE_MS);
  periodSeconds = 300;
  await clock.advance(MINUTE_MS);
  assert.equal(asked, 3, 'five minutes are over already');
  await clock.advance(5 * MINUTE_MS);
  assert.equal(asked, 4);
  stopping.abort();
  await running;
});
