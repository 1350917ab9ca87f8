import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import { listJobs, type JobView } from '@sekisho/core/wire/jobs.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProtectedHost } from '../test/protected-host.ts';
import { reopen, startRealServer } from '../test/real-server.ts';
import { until } from '../test/until.ts';
import { startAgent } from './main.ts';

test('P-12 F-12 the server is away: the agent keeps its schedule, also over a restart, and reports each run once', async (t) => {
  const { path: folder, remove } = await makeTempFolder();
  // Half past an hour of yesterday, so that whole hours are the runs, and OpenSSL's clock accepts the certificates.
  const startMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS - DAY_MS - HOUR_MS / 2;
  const clock = new FakeClock({ startMs });
  let real = await startRealServer(folder, clock);
  const { agent: agentPort } = real.server.ports;
  const host = await startProtectedHost(real, { dataFolder: join(folder, 'agent'), name: 'away', clock });
  t.after(async () => {
    await host.stop();
    await real.stop();
    await remove();
  });
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/a'), 'x');
  const plan = await host.plan({
    paths: [join(folder, 'data')],
    schedules: [{ name: 'hourly', cron: '0 * * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 30 }],
  });
  const jobs = async (): Promise<JobView[]> =>
    (await real.call(listJobs, { query: { plan: plan.id } })).jobs.filter(
      (job) => job.trigger === 'schedule',
    );
  /** An hour in steps, and then the time that real work takes. */
  const hour = async (): Promise<void> => {
    for (let minutes = 0; minutes < 60; minutes += 5) await clock.advance(5 * MINUTE_MS);
    await until('the run has ended', async () => {
      await clock.advance(1000);
      return host.agent.status().jobs.length === 0 && host.agent.status().lastContactMs !== undefined;
    });
  };

  await hour();
  await until('the first run is reported', async () => {
    await clock.advance(1000);
    return (await jobs()).some((job) => job.state === 'done');
  });

  await real.stop();
  await hour();
  const waiting = host.agent.status().spooled;
  assert.ok(waiting > 0, 'a report waits');
  const port = host.agent.mediaPort!;
  await host.agent.stop();
  host.agent = await startAgent({ ...host.options, mediaListen: { host: '127.0.0.1', port } });
  assert.ok(host.agent.status().spooled >= waiting);
  await hour();

  real = await reopen(join(folder, 'server'), real.caFingerprint, clock, undefined, agentPort);
  await until('everything is reported', async () => {
    await clock.advance(5_000);
    return host.agent.status().spooled === 0;
  });
  const ended = await jobs();
  assert.deepEqual(
    ended.map((job) => [(job.scheduledAtMs! - startMs) / HOUR_MS, job.state]).sort(),
    [
      [0.5, 'done'],
      [1.5, 'done'],
      [2.5, 'done'],
    ],
    JSON.stringify(ended.map((job) => job.report)),
  );
});
