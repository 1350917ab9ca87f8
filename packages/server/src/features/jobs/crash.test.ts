import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { repositoryName } from '@sekisho/core/ids.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import { getJob, jobReport, listJobs, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { listPoints } from '@sekisho/core/wire/points.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import { readOrder, WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDoomed } from '../../testing/doomed-server.ts';

const POINTS: readonly [point: CrashPoint, state: string][] = [
  ['job-result.before-commit', 'active'],
  ['job-result.committed', 'done'],
  ['job-result.acknowledged', 'done'],
];

eachStore((dialect) => {
  for (const [point, stateAfter] of POINTS) {
    test(`P-12 killed at ${point}: the report that comes again ends the job once, with its recovery point`, async (t) => {
      const trust = await TrustServer.start(t, { dialect, clock: systemClock });
      const media = await WireAgent.enrol(t, trust, 'media.example', { media: true });
      const client = await WireAgent.enrol(t, trust, 'client.example');
      const targets = { hosts: [client.hostId], groups: [] };
      const plan = await trust.call(createPlan, {
        body: { name: 'Files', targets, paths: ['/srv'], mediaServers: [media.hostId] },
      });
      const started = await trust.call(runPlan, {
        params: { id: plan.id },
        body: { hosts: null, scheduleName: null },
      });
      const { id } = started.jobs[0]!;
      const offer = { kind: 'offer', accepted: true, code: null, params: {}, startedAtMs: 1 } as const;
      await client.pullSpool({ ...offer, spoolId: 'offer', jobId: id });
      const repository = repositoryName(client.hostId, 1);
      const snapshot = { kind: 'snapshot', snapshotId: 'ab'.repeat(32), receivedAtMs: 1, repository };
      await media.pullSpool({ ...snapshot, spoolId: 'snapshot' } as SpoolItem);
      const report = jobReport.parse({
        jobId: id,
        kind: 'backup',
        trigger: 'manual',
        planId: plan.id,
        planRevision: 1,
        scheduleName: null,
        scheduledAtMs: null,
        attempt: 1,
        state: 'done',
        startedAtMs: 1,
        endedAtMs: 2,
        repository,
        mediaHostId: media.hostId,
        snapshotId: snapshot.snapshotId,
        filesDone: 2,
        bytesDone: 20,
        bytesAdded: 10,
        code: null,
        params: {},
        unreadable: [],
        unreadableCount: 0,
        warnings: [],
        log: [],
        listing: null,
        forgotten: null,
        heldBack: null,
      });
      await trust.server.stop();

      const doomed = await startDoomed(t, trust.dataFolder, point);
      const elsewhere = Object.assign(Object.create(trust) as TrustServer, {
        server: { ports: doomed.ports },
      });
      const item: SpoolItem = { kind: 'job', spoolId: 'report', report };
      await assert.rejects(new WireAgent(t, elsewhere, client.identity).pullSpool(item), 'no answer');
      assert.equal(await doomed.died, 'SIGKILL');

      trust.server = await startOn(trust.dataFolder, systemClock);
      const job = () => trust.call(getJob, { params: { id } });
      assert.equal((await job()).state, stateAfter);
      assert.deepEqual(await client.pullSpool(item), ['report']);
      assert.equal((await job()).state, 'done');
      const { points } = await trust.call(listPoints, {});
      assert.deepEqual([points.length, points[0]?.jobId], [1, id]);
      const told = await trust.server.context.store.db.selectFrom('outbox').select('kind').execute();
      assert.deepEqual(told, [{ kind: 'job-ended' }], 'one end is told once');
    });
  }
});

test('P-12 killed at job-offer.before-send: the order that was not sent is offered again, once', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const media = await WireAgent.enrol(t, trust, 'media.example', { media: true });
  const client = await WireAgent.enrol(t, trust, 'client.example');
  const targets = { hosts: [client.hostId], groups: [] };
  const plan = await trust.call(createPlan, {
    body: { name: 'Files', targets, paths: ['/srv'], mediaServers: [media.hostId] },
  });
  await trust.server.stop();
  const doomed = await startDoomed(t, trust.dataFolder, 'job-offer.before-send' satisfies CrashPoint);
  await client.open(doomed.ports.agent);
  await client.heartbeat();
  const run = { params: { id: plan.id }, body: { hosts: null, scheduleName: null } };
  await trust.call(runPlan, run).catch(() => undefined); // the process may be gone before it has answered
  assert.equal(await doomed.died, 'SIGKILL');
  trust.server = await startOn(trust.dataFolder, systemClock);
  await client.open();
  const { offers } = await client.heartbeat();
  assert.equal(offers.length, 1);
  assert.deepEqual(client.frames, []);
  const { jobs } = await trust.call(listJobs, {});
  assert.deepEqual(
    jobs.map(({ id }) => id),
    offers.map((jws) => readOrder(jws).jobId),
  );
});
