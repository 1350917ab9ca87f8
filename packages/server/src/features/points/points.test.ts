import { AppError } from '@sekisho/core/errors.ts';
import { parseJobId, repositoryName, type HostId, type JobId, type SnapshotId } from '@sekisho/core/ids.ts';
import { RETENTION_MINIMUM_AGE_MS } from '@sekisho/core/limits.ts';
import { everyRight, narrowRights, type Principal, type Right } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore, type OpenTestStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeSpool } from '../fleet/take-spool.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { selectJob } from '../jobs/jobs.store.ts';
import { retryJob } from '../jobs/retry-job.ts';
import { runPlan } from '../jobs/run-plan.ts';
import { createPlan, deletePlan } from '../plans/save-plan.ts';
import { maintainDue } from '../repositories/maintain-due.ts';
import { maintainRepository } from '../repositories/maintain-repository.ts';
import { releasePassword } from '../repositories/release-password.ts';
import { startRestore } from '../restores/start-restore.ts';
import { browsePoint } from './browse-point.ts';
import { markSealed } from '../repositories/repositories.store.ts';
import { deletePoints } from './delete-points.ts';
import { listPointViews, viewPoint } from './read-points.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;
const always = (): Promise<void> => Promise.resolve();
const nightly = { name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', startWithinMinutes: 60 };

async function scene(t: HasAfter, open: OpenTestStore, change: Partial<PlanSpec> = {}) {
  const domain = await ProtectionDomain.open(t, open);
  const media = await domain.host('media', { media: true });
  const client = await domain.host('client');
  const targets = { hosts: [client], groups: [] };
  const plan = await createPlan(
    domain.context,
    ADMIN,
    domain.spec({ mediaServers: [media], schedules: [nightly], targets, ...change }),
  );
  const repository = repositoryName(client, 1);
  const spool = async (hostId: HostId, ...items: SpoolItem[]): Promise<string[]> => {
    const acknowledged: string[] = [];
    await takeSpool(domain.context, hostId, items, (ids) => void acknowledged.push(...ids));
    return acknowledged;
  };
  /** A backup that went well, and its snapshot on the media server. */
  const backUp = async (scheduleName: string | null = 'nightly'): Promise<SnapshotId> => {
    const [id] = await runPlan(domain.context, ADMIN, { planId: plan.id, hosts: null, scheduleName });
    const snapshotId = domain.newSnapshotId();
    await spool(media, domain.snapshotItem(repository, snapshotId));
    await spool(client, domain.jobItem(domain.report({ id: id! }, { snapshotId, repository })));
    return snapshotId;
  };
  const points = async () => (await listPointViews(domain.store.db, {})).points;
  const maintain = (preview: boolean) => maintainRepository(domain.context, ADMIN, { repository, preview });
  /** The media server reports its maintenance. */
  const forgotten = async (
    jobId: JobId,
    ids: SnapshotId[],
    change: Partial<JobReport> = {},
  ): Promise<void> => {
    const report = domain.report({ id: jobId }, { kind: 'maintain', forgotten: ids, ...change });
    await spool(media, domain.jobItem(report));
  };
  return { domain, media, client, plan, repository, spool, backUp, points, maintain, forgotten };
}

eachStore((_dialect, open) => {
  for (const order of ['the snapshot first', 'the report first'] as const) {
    test(`P-02 a recovery point is joined from snapshot and report: ${order}`, async (t) => {
      const { domain, media, client, plan, repository, spool, points } = await scene(t, open);
      const [id] = await runPlan(domain.context, ADMIN, {
        planId: plan.id,
        hosts: null,
        scheduleName: 'nightly',
      });
      const snapshotId = domain.newSnapshotId();
      const snapshot = (): Promise<unknown> => spool(media, domain.snapshotItem(repository, snapshotId));
      const report = (): Promise<unknown> =>
        spool(client, domain.jobItem(domain.report({ id: id! }, { snapshotId, repository })));
      for (const arrive of order === 'the snapshot first' ? [snapshot, report] : [report, snapshot])
        await arrive();
      const [point] = await points();
      assert.deepEqual(
        [point?.id, point?.jobId, point?.planName, point?.scheduleName, point?.files, point?.receivedAtMs],
        [snapshotId, id, 'Home folders', 'nightly', 3, domain.nowMs],
      );
      assert.equal((await points()).length, 1);
    });
  }

  test('P-02 a snapshot is believed of its own media server alone, and never later than now', async (t) => {
    const { domain, media, client, repository, spool, points } = await scene(t, open);
    const snapshotId = domain.newSnapshotId();
    await spool(client, domain.snapshotItem(repository, snapshotId));
    assert.deepEqual(await points(), []);
    await spool(media, domain.snapshotItem(repository, snapshotId, domain.nowMs + DAY_MS));
    await spool(media, domain.snapshotItem(repository, snapshotId, 0));
    const [point] = await points();
    assert.equal(point?.receivedAtMs, domain.nowMs);
    assert.equal(point?.planId, null, 'without a report nobody knows its plan');
  });

  test('P-02 a host cannot relabel a point that has its job, nor one of another host', async (t) => {
    const { domain, client, plan, repository, spool, backUp, points } = await scene(t, open);
    const snapshotId = await backUp();
    const before = await points();
    const [id] = await runPlan(domain.context, ADMIN, { planId: plan.id, hosts: null, scheduleName: null });
    await spool(
      client,
      domain.jobItem(domain.report({ id: id! }, { snapshotId, repository, filesDone: 99 })),
    );
    assert.deepEqual(await points(), before);
  });

  test('P-02 P-13 nothing is deleted from a sealed repository, and the preview says so already', async (t) => {
    const { domain, repository, backUp, points } = await scene(t, open);
    const id = await backUp();
    await domain.store.transaction((tx) => markSealed(tx, repository, domain.nowMs));
    for (const preview of [true, false])
      await assert.rejects(
        deletePoints(domain.context, ADMIN, { ids: [id], preview }),
        code('REPOSITORY_SEALED'),
      );
    assert.equal((await points())[0]?.removalAskedAtMs, null);
  });

  test('P-13 deletion shows what it means, marks, and orders away what is old enough', async (t) => {
    const { domain, backUp, points, forgotten } = await scene(t, open);
    const old = await backUp();
    const preview = await deletePoints(domain.context, ADMIN, { ids: [old], preview: true });
    assert.deepEqual(preview, {
      points: [{ id: old, removableFromMs: domain.nowMs + RETENTION_MINIMUM_AGE_MS, lastOfHost: true }],
      jobIds: [],
    });
    assert.equal((await points())[0]?.removalAskedAtMs, null, 'a preview changes nothing');
    await domain.clock.advance(RETENTION_MINIMUM_AGE_MS);
    const young = await backUp();
    const { points: told, jobIds } = await deletePoints(domain.context, ADMIN, {
      ids: [old, young],
      preview: false,
    });
    assert.deepEqual(
      told.map((point) => point.lastOfHost),
      [true, true],
    );
    const order = await domain.documents.read('order', jobIds[0]!);
    assert.deepEqual((order['act'] as { forget: string[] }).forget, [old], 'the young one waits for its age');
    await forgotten(jobIds[0]!, [old, young]);
    assert.deepEqual(
      (await points()).map((point) => point.id),
      [young],
      'only what was ordered is gone, whatever is reported',
    );
    await assert.rejects(viewPoint(domain.store.db, old), code('POINT_REMOVED'));
    const audited = await domain.store.db
      .selectFrom('audit')
      .select('subject')
      .where('act', '=', 'delete-point')
      .execute();
    assert.deepEqual(audited.map((row) => row.subject).sort(), [old, young].sort());
  });

  test('P-10 maintenance removes what retention lets go, after a preview that changes nothing', async (t) => {
    const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
    const { domain, media, backUp, points, maintain, forgotten, repository } = await scene(t, open, {
      retention,
    });
    const oldest = await backUp();
    const custom = await backUp(null);
    const middle = await backUp();
    await domain.clock.advance(RETENTION_MINIMUM_AGE_MS);
    const newest = await backUp();
    const preview = await maintain(true);
    assert.deepEqual([preview.decision.remove, preview.jobId], [[oldest, middle], null]);
    assert.deepEqual(
      preview.decision.keep.map(({ id, reasons }) => [id, ...reasons]),
      [
        [custom, 'custom'],
        [newest, 'last'],
      ],
    );
    const { jobId } = await maintain(false);
    const order = await domain.documents.read('order', jobId!);
    assert.equal(order['hostId'], media);
    assert.deepEqual(order['act'], { what: 'maintain', repository, forget: [oldest, middle], prune: true });
    await assert.rejects(maintain(false), code('MAINTENANCE_RUNNING'));
    await forgotten(jobId!, [oldest], { heldBack: [{ snapshotId: middle, code: 'FORGET_TOO_YOUNG' }] });
    assert.deepEqual((await points()).map((point) => point.id).sort(), [custom, middle, newest].sort());
  });

  test('P-02 the nightly round orders maintenance once a day, where there is something to remove', async (t) => {
    const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
    const { domain, media, backUp } = await scene(t, open, { retention });
    await backUp();
    await backUp();
    assert.equal(await maintainDue(domain.context, always), 0, 'too young');
    await domain.clock.advance(RETENTION_MINIMUM_AGE_MS);
    const setLegacy = (sinceMs: number | null) =>
      domain.store.db
        .updateTable('hosts')
        .set({ legacy_since_ms: sinceMs })
        .where('id', '=', media)
        .execute();
    await setLegacy(domain.nowMs);
    assert.equal(await maintainDue(domain.context, always), 0, 'T-53 no agent is on a legacy media server');
    await setLegacy(null);
    assert.equal(await maintainDue(domain.context, always), 1);
    assert.equal(await maintainDue(domain.context, always), 0, 'one at a time');
    await domain.store.db
      .updateTable('jobs')
      .set({ state: 'failed' })
      .where('kind', '=', 'maintain')
      .execute();
    await domain.clock.advance(23 * HOUR_MS);
    assert.equal(await maintainDue(domain.context, always), 0);
    await domain.clock.advance(HOUR_MS);
    assert.equal(await maintainDue(domain.context, always), 1, 'what failed is tried again the next day');
  });

  test('P-10 the points of a deleted plan stay', async (t) => {
    const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
    const { domain, plan, backUp, points, maintain } = await scene(t, open, { retention });
    await backUp();
    await backUp();
    await domain.clock.advance(RETENTION_MINIMUM_AGE_MS);
    await deletePlan(domain.context, ADMIN, plan.id);
    assert.deepEqual((await maintain(true)).decision.remove, []);
    assert.equal((await points())[0]?.planName, 'Home folders');
  });

  test('P-14 a restore is an order for the host that made the point, to the original or another place', async (t) => {
    const { domain, media, client, repository, backUp } = await scene(t, open);
    const point = await backUp();
    const request = {
      point,
      paths: ['/home/a'],
      targetFolder: '/tmp/restored',
      conflict: 'rename' as const,
      host: null,
    };
    const id = await startRestore(domain.context, ADMIN, request);
    const order = await domain.documents.read('order', id);
    assert.equal(order['hostId'], client);
    assert.deepEqual(order['act'], {
      what: 'restore',
      repository,
      mediaHostId: media,
      snapshotId: point,
      paths: ['/home/a'],
      targetFolder: '/tmp/restored',
      conflict: 'rename',
    });
    const audited = await domain.store.db
      .selectFrom('audit')
      .select('actor')
      .where('act', '=', 'order-restore')
      .execute();
    assert.equal(audited.length, 1);
  });

  test('S-04 a restore is ordered again by those alone who may order one', async (t) => {
    const { domain, backUp } = await scene(t, open);
    const request = {
      point: await backUp(),
      paths: [],
      targetFolder: null,
      conflict: 'overwrite' as const,
      host: null,
    };
    const id = await startRestore(domain.context, ADMIN, request);
    await cancelJob(domain.context, ADMIN, id);
    const runner = (...rights: Right[]): Principal => ({
      ...ADMIN,
      kind: 'api-key',
      rights: narrowRights(everyRight(), rights, 'domain'),
    });
    for (const rights of [['job.run'], ['job.run', 'job.read', 'point.read', 'plan.write']] as Right[][])
      await assert.rejects(retryJob(domain.context, runner(...rights), id), code('RIGHT_MISSING'));
    const again = await retryJob(domain.context, runner('job.run', 'restore.run'), id);
    assert.equal((await selectJob(domain.store.db, again))?.kind, 'restore');
  });

  test('P-16 no restore and no browsing without a valid certificate at both ends', async (t) => {
    const { domain, media, client, backUp } = await scene(t, open);
    const point = await backUp();
    const request = { point, paths: [], targetFolder: null, conflict: 'overwrite' as const, host: null };
    await domain.revoke(media, 'superseded');
    await assert.rejects(startRestore(domain.context, ADMIN, request), code('JOB_HOST_REVOKED'));
    await domain.certify(media);
    await domain.revoke(client, 'superseded');
    await assert.rejects(startRestore(domain.context, ADMIN, request), code('JOB_HOST_REVOKED'));
    await assert.rejects(
      browsePoint(domain.context, ADMIN, { id: point, path: '/', limit: 10 }),
      code('JOB_HOST_REVOKED'),
    );
    await domain.certify(client);
    const job = await selectJob(
      domain.store.db,
      await browsePoint(domain.context, ADMIN, { id: point, path: '/home', limit: 10 }),
    );
    assert.deepEqual(
      [job?.kind, job?.hostId, job?.orderExpiresAtMs],
      ['browse', client, domain.nowMs + 600_000],
    );
  });

  test('P-11 the password goes to the owner, and to the media server while its maintenance is open', async (t) => {
    const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
    const { domain, media, client, repository, backUp, maintain, forgotten } = await scene(t, open, {
      retention,
    });
    await backUp();
    await backUp();
    const first = await domain.store.db
      .selectFrom('jobs')
      .select('id')
      .orderBy('num')
      .executeTakeFirstOrThrow();
    const some = parseJobId(first.id)!;
    const ask = (hostId: HostId, jobId = some): Promise<string> =>
      releasePassword(domain.context, { hostId }, { repository, jobId });
    const password = await ask(client);
    assert.equal(Buffer.from(password, 'base64url').length, 32, '256 random bits');
    await assert.rejects(ask(media), code('REPOSITORY_PASSWORD_REFUSED'));
    await domain.clock.advance(RETENTION_MINIMUM_AGE_MS);
    const { jobId } = await maintain(false);
    assert.equal(await ask(media, jobId!), password);
    const other = await domain.host('other');
    await assert.rejects(ask(other, jobId!), code('REPOSITORY_PASSWORD_REFUSED'));
    await forgotten(jobId!, []);
    await assert.rejects(ask(media, jobId!), code('REPOSITORY_PASSWORD_REFUSED'), 'the job has ended');
    const rows = await domain.store.db
      .selectFrom('audit')
      .select(['actor', 'outcome'])
      .where('act', '=', 'release-repository-password')
      .orderBy('seq')
      .execute();
    assert.deepEqual(
      rows.map((row) => [row.actor, row.outcome]),
      [
        [client, 'done'],
        [media, 'refused'],
        [media, 'done'],
        [other, 'refused'],
        [media, 'refused'],
      ],
    );
    const audited = await domain.store.db.selectFrom('audit').select('detail').execute();
    assert.ok(!JSON.stringify(audited).includes(password), 'no password in the audit log');
  });
});
