import { parseGroupId, parsePlanId } from '@sekisho/core/ids.ts';
import { HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { PolicyPayload } from '@sekisho/core/wire/documents.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { newDomainId, newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { until } from '../../test/until.ts';
import { HealthBoard } from '../health.ts';
import type { JobRunner } from './job-runner.ts';
import { openLedger, type JobFacts } from './ledger.ts';
import { startPlanClock } from './plan-clock.ts';

const hostId = newHostId();
const planId = parsePlanId('0f0e0d0c-0b0a-4908-8706-050403020100')!;

async function bench(t: TestContext) {
  // A whole hour, so that the runs are where the test expects them.
  const clock = new FakeClock({ startMs: Date.UTC(2025, 5, 1, 12, 0, 0) });
  const folder = await tempFolder(t);
  const startedMs = clock.nowMs();
  const policy: PolicyPayload = {
    domain: newDomainId(),
    serial: 1,
    issuedAt: startedMs,
    group: parseGroupId('22222222-2222-4222-8222-222222222222')!,
    heartbeatSeconds: 300,
    mode: 'push',
    origins: {},
    crlRefreshSeconds: 3600,
    staleCrl: 'open',
    mediaServers: [],
    plans: [
      {
        planId,
        name: 'plan',
        revision: 1,
        hostIds: [hostId],
        enabledSinceMs: startedMs,
        paths: ['/data'],
        excludes: [],
        schedules: [{ name: 'hourly', cron: '0 * * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 30 }],
        retention: { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
        mediaHostIds: [hostId],
        bandwidthKiBps: null,
        commands: { pre: null, post: null },
        application: null,
      },
    ],
  };
  const started: number[] = [];
  const missed: number[] = [];
  const seen = new Set<string>();
  const note = (list: number[]) => (facts: JobFacts) => {
    assert.equal(facts.jobId, scheduledJobId(planId, hostId, 'hourly', facts.scheduledAtMs!, 1));
    if (!seen.has(facts.jobId)) list.push((facts.scheduledAtMs! - startedMs) / HOUR_MS);
    seen.add(facts.jobId);
    return Promise.resolve();
  };
  const runner = { schedule: note(started), missed: note(missed) } as unknown as JobRunner;
  const health = new HealthBoard();
  const begin = async () => {
    const ledger = await openLedger({ folder, nowMs: clock.nowMs(), log: silentLog() });
    return startPlanClock({ hostId, policy: () => policy, ledger, runner, health, clock, log: silentLog() });
  };
  /** In small steps: after each the loop, which writes real files, is asleep again. */
  const advance = async (byMs: number): Promise<void> => {
    for (let leftMs = byMs; leftMs > 0; leftMs -= MINUTE_MS / 2) {
      await clock.advance(Math.min(leftMs, MINUTE_MS / 2));
      await until('the clock of the plans sleeps', () => clock.pendingTimers === 1);
    }
  };
  return { clock, started, missed, begin, health, policy, advance };
}

test('P-12 runs begin at their time, without any server', async (t) => {
  const b = await bench(t);
  const planClock = await b.begin();
  await b.advance(3 * HOUR_MS + MINUTE_MS);
  await planClock.stop();
  assert.deepEqual(b.started, [1, 2, 3]);
  assert.deepEqual(b.missed, []);
  assert.equal(b.clock.pendingTimers, 0);
});

test('P-12 after a pause the latest run begins if its window is open, the others are missed, none twice', async (t) => {
  const b = await bench(t);
  const first = await b.begin();
  await b.advance(HOUR_MS + MINUTE_MS);
  await first.stop();
  b.clock.jump(3 * HOUR_MS);
  const second = await b.begin();
  await b.advance(1);
  await second.stop();
  assert.deepEqual(
    [b.started, b.missed],
    [
      [1, 4],
      [2, 3],
    ],
  );
  b.clock.jump(HOUR_MS + 45 * MINUTE_MS);
  const third = await b.begin();
  await b.advance(1);
  await third.stop();
  assert.deepEqual(
    [b.started, b.missed],
    [
      [1, 4],
      [2, 3, 5],
    ],
  );
});

test('P-12 a clock that is set back runs nothing twice, and is reported', async (t) => {
  const b = await bench(t);
  const planClock = await b.begin();
  await b.advance(2 * HOUR_MS + MINUTE_MS);
  b.clock.jump(-90 * MINUTE_MS);
  await b.advance(MINUTE_MS);
  assert.deepEqual(b.health.codes, ['clock-set-back']);
  await b.advance(2 * HOUR_MS);
  await planClock.stop();
  assert.deepEqual(b.started, [1, 2]);
  assert.deepEqual(b.health.codes, []);
});

test('P-10 a plan that does not cover this host, or is not enabled yet, runs nothing here', async (t) => {
  const b = await bench(t);
  b.policy.plans[0]!.hostIds = [newHostId()];
  const planClock = await b.begin();
  await b.advance(2 * HOUR_MS);
  assert.deepEqual(b.started, []);
  b.policy.plans[0]!.hostIds = null;
  b.policy.plans[0]!.enabledSinceMs = b.clock.nowMs();
  planClock.look();
  await b.advance(HOUR_MS);
  await planClock.stop();
  assert.deepEqual([b.started, b.missed], [[3], []]);
});
