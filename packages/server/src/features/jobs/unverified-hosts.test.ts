import { AppError } from '@sekisho/core/errors.ts';
import { repositoryName, type HostId, type JobId } from '@sekisho/core/ids.ts';
import { nextRunMs } from '@sekisho/core/rules/schedule.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeSpool } from '../fleet/take-spool.ts';
import { createPlan } from '../plans/save-plan.ts';
import { browsePoint } from '../points/browse-point.ts';
import { deletePoints } from '../points/delete-points.ts';
import { maintainDue } from '../repositories/maintain-due.ts';
import { maintainRepository } from '../repositories/maintain-repository.ts';
import { startRestore } from '../restores/start-restore.ts';
import { switchVerification } from '../verification/switch-verification.ts';
import { judgeRuns } from './judge-runs.ts';
import { retryJob } from './retry-job.ts';
import { runPlan } from './run-plan.ts';
import { viewJob } from './view-jobs.ts';

const nightly = { name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', startWithinMinutes: 60 };
const always = (): Promise<void> => Promise.resolve();

eachStore((_dialect, open) => {
  test('F-20 a host that does not verify its server is ordered nothing: each order is refused at once, and names the way back', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const { context } = domain;
    const media = await domain.host('media', { media: true });
    const client = await domain.host('client');
    const targets = { hosts: [client], groups: [] };
    const spec = domain.spec({ mediaServers: [media], schedules: [nightly], targets });
    const plan = await createPlan(context, ADMIN, spec);
    const repository = repositoryName(client, 1);
    const spool = (hostId: HostId, item: SpoolItem): Promise<unknown> =>
      takeSpool(context, hostId, [item], () => undefined);
    const report = (id: JobId, change: Parameters<typeof domain.report>[1]): Promise<unknown> =>
      spool(client, domain.jobItem(domain.report({ id }, change)));
    const job = (id: JobId) => viewJob(domain.store.db, id, () => undefined);
    const run = (hosts: HostId[] | null) =>
      runPlan(context, ADMIN, { planId: plan.id, hosts, scheduleName: null });

    // points, one of them to be removed, a restore that failed and a backup that failed, all from before
    const backUp = async () => {
      const [id] = await run(null);
      const snapshotId = domain.newSnapshotId();
      await spool(media, domain.snapshotItem(repository, snapshotId));
      await report(id!, { snapshotId, repository });
      return snapshotId;
    };
    const [point, unwanted] = [await backUp(), await backUp()];
    await deletePoints(context, ADMIN, { ids: [unwanted], preview: false });
    const request = { point, paths: [], targetFolder: '/tmp/x', conflict: 'skip' as const, host: null };
    const restored = await startRestore(context, ADMIN, request);
    await report(restored, { kind: 'restore', state: 'failed' });
    const [failed] = await run(null);
    await report(failed!, { state: 'failed' });
    await domain.clock.advance(15 * DAY_MS);

    const untilMs = domain.nowMs + 3 * DAY_MS;
    await switchVerification(context, ADMIN, domain.groupId, { state: 'off', untilMs, dryRun: false });
    const isRefused =
      (host: string) =>
      (error: unknown): boolean => {
        if (!(error instanceof AppError)) return false;
        assert.equal(error.code, 'JOB_HOST_UNVERIFIED');
        assert.deepEqual(error.params, { host, group: 'All', until: new Date(untilMs).toISOString() });
        return true;
      };
    const orders: Record<string, [string, () => Promise<unknown>]> = {
      backup: ['client', () => run([client])],
      'backup once more': ['client', () => retryJob(context, ADMIN, failed!)],
      restore: ['client', () => startRestore(context, ADMIN, request)],
      'restore once more': ['client', () => retryJob(context, ADMIN, restored)],
      browse: ['client', () => browsePoint(context, ADMIN, { id: point, path: '/', limit: 10 })],
      maintain: ['media', () => maintainRepository(context, ADMIN, { repository, preview: false })],
      delete: ['media', () => deletePoints(context, ADMIN, { ids: [point], preview: false })],
    };
    const count = async (): Promise<number> =>
      (await domain.store.db.selectFrom('jobs').select('id').execute()).length;
    const before = await count();
    for (const [what, [host, order]] of Object.entries(orders))
      await assert.rejects(order, isRefused(host), what);
    assert.equal(await maintainDue(context, always), 0);
    assert.equal(await count(), before, 'nothing waits');

    // all hosts of a plan: each that takes no order is listed as refused
    const [refused] = await run(null);
    const listed = await job(refused!);
    assert.deepEqual([listed.state, listed.report?.code], ['failed', 'JOB_HOST_UNVERIFIED']);
    assert.equal(await domain.documents.latest('order', refused!), undefined);

    // a scheduled run, which the host does by itself: what it reports of it waits, and that is said
    const scheduledAtMs = nextRunMs(nightly, domain.nowMs)!;
    await judgeRuns(context, always);
    await domain.clock.advance(scheduledAtMs - domain.nowMs + HOUR_MS + 15 * MINUTE_MS);
    assert.equal(await judgeRuns(context, always), 1);
    const scheduled = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, 1);
    const missed = await job(scheduled);
    assert.deepEqual([missed.state, missed.report?.code], ['missed', 'RUN_REPORT_HELD']);

    await switchVerification(context, ADMIN, domain.groupId, { state: 'on', dryRun: false });
    const facts = { planId: plan.id, scheduleName: 'nightly', scheduledAtMs, trigger: 'schedule' as const };
    await report(scheduled, facts);
    assert.deepEqual([(await job(scheduled)).state, (await job(scheduled)).report?.code], ['done', null]);
    for (const [what, [, order]] of Object.entries(orders)) assert.ok(await order(), what);
  });
});
