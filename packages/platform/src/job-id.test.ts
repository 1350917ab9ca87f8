import { parseHostId, parsePlanId } from '@sekisho/core/ids.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduledJobId } from './job-id.ts';

const planId = parsePlanId('0f0e0d0c-0b0a-4908-8706-050403020100')!;
const hostId = parseHostId('00010203-0405-4607-8809-0a0b0c0d0e0f')!;

test('P-12 the ID of a scheduled run is derived from plan, host, schedule, time and attempt', () => {
  assert.equal(
    scheduledJobId(planId, hostId, 'nightly', 1_750_000_000_000, 1),
    '649b9330bc3a715a4c9cbd550aefef39',
  );
});

test('P-12 another time or attempt is another job', () => {
  const ids = new Set([
    scheduledJobId(planId, hostId, 'nightly', 1_750_000_000_000, 1),
    scheduledJobId(planId, hostId, 'nightly', 1_750_000_060_000, 1),
    scheduledJobId(planId, hostId, 'nightly', 1_750_000_000_000, 2),
    scheduledJobId(planId, hostId, 'hourly', 1_750_000_000_000, 1),
  ]);
  assert.equal(ids.size, 4);
});
