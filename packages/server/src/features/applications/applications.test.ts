import { AppError, errorWords } from '@sekisho/core/errors.ts';
import { repositoryName, type HostId, type SnapshotId } from '@sekisho/core/ids.ts';
import { rightsOf, type Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { addGroup } from '@sekisho/testkit/administrators.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore, type OpenTestStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeFeed } from '../../store/change-feed.ts';
import { ReservedNames } from '../names/reserved-names.ts';
import { takeSpool } from '../fleet/take-spool.ts';
import { followChanges } from '../fleet/refresh-documents.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { judgeRuns } from '../jobs/judge-runs.ts';
import { retryJob } from '../jobs/retry-job.ts';
import { listJobViews, viewJob } from '../jobs/view-jobs.ts';
import { listStoredPlans } from '../plans/read-plans.ts';
import { createPlan, deletePlan, replacePlan } from '../plans/save-plan.ts';
import { viewPoint } from '../points/read-points.ts';
import { releasePassword } from '../repositories/release-password.ts';
import { READ_GRANT_MS } from '../restores/grant-read.ts';
import { startRestore } from '../restores/start-restore.ts';
import { addHost, createApplication, deleteApplication, removeHost } from './change-applications.ts';
import { getApplication, listApplications, viewApplications } from './read-applications.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;
const always = (): Promise<void> => Promise.resolve();
const nightly = { name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', startWithinMinutes: 60 };
const VIP = 'sql-vip.example.com';
const SQL = { kind: 'sql-server' as const, virtualName: VIP };

async function nodes(t: HasAfter, open: OpenTestStore) {
  const domain = await ProtectionDomain.open(t, open);
  const media = await domain.host('media', { media: true });
  const a = await domain.host('node-a');
  const b = await domain.host('node-b');
  const stranger = await domain.host('stranger');
  const { context } = domain;
  const map = (...hosts: HostId[]) =>
    createApplication(context, ADMIN, { name: 'SQL-VIP.example.com.', kind: 'sql-server', hosts });
  const spec = domain.spec({
    mediaServers: [media],
    schedules: [nightly],
    targets: { hosts: [], groups: [] },
    application: { ...SQL, virtualName: 'sql-vip.EXAMPLE.com' },
  });
  const actsOf = async (...acts: string[]) =>
    domain.store.db
      .selectFrom('audit')
      .select(['act', 'subject', 'outcome'])
      .where('act', 'in', acts)
      .orderBy('seq')
      .execute();
  return { domain, context, media, a, b, stranger, map, spec, actsOf };
}

/** Two nodes with a plan, and a recovery point of node A. */
async function backedUp(t: HasAfter, open: OpenTestStore) {
  const scene = await nodes(t, open);
  const { domain, context, a, media, map, spec } = scene;
  await map(a, scene.b);
  const plan = await createPlan(context, ADMIN, spec);
  const repository = repositoryName(a, 1);
  const point = domain.newSnapshotId();
  await takeSpool(context, media, [domain.snapshotItem(repository, point)], () => undefined);
  const restore = (host: HostId | null, of: SnapshotId = point) =>
    startRestore(context, ADMIN, { point: of, paths: [], targetFolder: '/r', conflict: 'overwrite', host });
  const grants = async () => (await domain.documents.read('assignment', media))['readGrants'] as unknown[];
  const password = (hostId: HostId, jobId: Parameters<typeof viewJob>[1], of = repository) =>
    releasePassword(context, { hostId }, { repository: of, jobId });
  return { ...scene, plan, repository, point, restore, grants, password };
}

eachStore((_dialect, open) => {
  test('T-34 a virtual name is mapped to hosts, changed and deleted, each act audited', async (t) => {
    const { domain, context, a, b, stranger, map, actsOf } = await nodes(t, open);
    assert.equal(await map(a, b, a), VIP);
    await assert.rejects(map(a), code('APPLICATION_NAME_TAKEN'));
    await assert.rejects(
      createApplication(context, ADMIN, { name: '*.example.com', kind: 'other', hosts: [a] }),
      code('HOST_NAME_INVALID'),
    );
    await addHost(context, ADMIN, { name: VIP, hostId: stranger });
    await addHost(context, ADMIN, { name: VIP, hostId: stranger });
    const [view] = await viewApplications(domain.store.db, await listApplications(domain.store.db, 'domain'));
    assert.deepEqual(
      [view?.name, view?.kind, view?.plans, view?.hosts.map(({ name }) => name)],
      [VIP, 'sql-server', 0, ['node-a', 'node-b', 'stranger']],
    );
    for (const hostId of [stranger, b]) await removeHost(context, ADMIN, { name: VIP, hostId });
    await assert.rejects(removeHost(context, ADMIN, { name: VIP, hostId: b }), code('NOT_FOUND'));
    await assert.rejects(removeHost(context, ADMIN, { name: VIP, hostId: a }), code('APPLICATION_LAST_HOST'));
    const late = { holds: () => false };
    await assert.rejects(
      addHost(context, ADMIN, { name: VIP, hostId: b, precondition: late }),
      code('PRECONDITION_FAILED'),
    );
    await deleteApplication(context, ADMIN, { name: VIP });
    await assert.rejects(getApplication(domain.store.db, VIP, 'domain'), code('NOT_FOUND'));
    assert.deepEqual(
      (await actsOf('create-application', 'change-application', 'delete-application')).map(({ act }) => act),
      [
        'create-application',
        'change-application',
        'change-application',
        'change-application',
        'delete-application',
      ],
    );
  });

  test('T-34 T-31 a virtual name is reserved for the hosts that an administrator mapped it to, as long as they are', async (t) => {
    const { domain, context, a, b, media, map } = await nodes(t, open);
    const { clock, log, store } = context;
    const feed = new ChangeFeed({ clock, log, store });
    await feed.start();
    t.after(() => feed.stop());
    const reserved = new ReservedNames(domain.store, media);
    await reserved.start(feed);
    const nodesOf = async () => {
      await feed.catchUp();
      return reserved.find(VIP);
    };
    assert.equal(await nodesOf(), undefined);
    await map(a, b);
    assert.deepEqual(await nodesOf(), { for: 'cluster', hostIds: [a, b] });
    await removeHost(context, ADMIN, { name: VIP, hostId: b });
    assert.deepEqual((await nodesOf())?.hostIds, [a]);
    await deleteApplication(context, ADMIN, { name: VIP });
    assert.equal(await nodesOf(), undefined);
  });

  test('T-34 S-04 a mapping is seen and changed by those alone who may change every one of its hosts', async (t) => {
    const { domain, context, a, b, map } = await nodes(t, open);
    const other = await addGroup(domain.store, 'B', domain.groupId);
    await domain.store.db.updateTable('hosts').set({ group_id: other }).where('id', '=', b).execute();
    const limited: Principal = {
      ...ADMIN,
      rights: rightsOf([{ role: 'operator', groupId: other }], (id) => [id]),
    };
    const mine = { name: 'b.example.com', kind: 'other' as const };
    await assert.rejects(createApplication(context, limited, { ...mine, hosts: [a, b] }), code('NOT_FOUND'));
    await createApplication(context, limited, { ...mine, hosts: [b] });
    await assert.rejects(addHost(context, limited, { name: mine.name, hostId: a }), code('NOT_FOUND'));
    await map(a, b);
    const reach = new Set([other]);
    assert.deepEqual(
      (await listApplications(domain.store.db, reach)).map(({ name }) => name),
      [mine.name],
    );
    await assert.rejects(deleteApplication(context, limited, { name: VIP }), code('NOT_FOUND'));
  });

  test('T-34 a plan of an application needs its mapping, of its kind; its absence is named with the command', async (t) => {
    const { domain, context, media, a, b, stranger, map, spec } = await nodes(t, open);
    for (const kind of ['sql-server', 'exchange', 'sharepoint'] as const)
      await assert.rejects(
        createPlan(context, ADMIN, { ...spec, application: { kind, virtualName: VIP } }),
        (error: unknown) =>
          error instanceof AppError &&
          error.code === 'APPLICATION_MAPPING_MISSING' &&
          errorWords(error.code, error.params, 'en').hint.includes(
            `sekisho application create ${VIP} --kind ${kind}`,
          ),
      );
    await map(a, b);
    await assert.rejects(
      createPlan(context, ADMIN, { ...spec, application: { ...SQL, kind: 'exchange' } }),
      code('APPLICATION_KIND_DIFFERS'),
    );
    await assert.rejects(
      createPlan(context, ADMIN, { ...spec, targets: { hosts: [a], groups: [] } }),
      code('PLAN_TARGETS_OF_APPLICATION'),
    );
    const plan = await createPlan(context, ADMIN, spec);
    assert.deepEqual(plan.spec.targets, { hosts: [a, b], groups: [] });
    const policyPlan = async () => {
      const policy = await domain.documents.read('policy', domain.groupId);
      return (policy['plans'] as { hostIds: HostId[]; application: unknown; revision: number }[])[0];
    };
    assert.deepEqual((await policyPlan())?.hostIds, [a, b]);
    assert.deepEqual((await policyPlan())?.application, SQL);
    // another node: the plan follows, with a repository for it and a revision that says so
    await addHost(context, ADMIN, { name: VIP, hostId: stranger });
    assert.deepEqual((await policyPlan())?.hostIds, [a, b, stranger]);
    assert.equal((await policyPlan())?.revision, plan.revision + 1);
    const assignment = await domain.documents.read('assignment', stranger);
    assert.deepEqual(assignment['repositories'], [
      { repository: repositoryName(stranger, 1), mediaHostId: media, sealed: false },
    ]);
    await assert.rejects(deleteApplication(context, ADMIN, { name: VIP }), code('APPLICATION_IN_USE'));
    // what was read is accepted back as it is
    const [stored] = await listStoredPlans(domain.store.db);
    const again = await replacePlan(context, ADMIN, plan.id, {
      spec: { ...stored!.spec, paths: ['/srv'] },
      revision: stored!.revision,
    });
    assert.deepEqual(again.spec.targets.hosts, [a, b, stranger]);
  });

  test('T-34 S-04 a host joins a plan with commands, and another host’s restore is ordered again, by those alone who may', async (t) => {
    const { domain, context, plan, a, b, stranger, restore } = await backedUp(t, open);
    await replacePlan(context, ADMIN, plan.id, {
      spec: { ...plan.spec, commands: { pre: 'flush', post: null } },
      revision: plan.revision,
    });
    const operator: Principal = {
      ...ADMIN,
      rights: rightsOf([{ role: 'operator', groupId: null }], (id) => [id]),
    };
    const joins = { name: VIP, hostId: stranger };
    await assert.rejects(addHost(context, operator, joins), code('RIGHT_MISSING'));
    await addHost(context, ADMIN, joins);
    // node B is moved to a group that they do not reach
    const other = await addGroup(domain.store, 'B', domain.groupId);
    await domain.store.db.updateTable('hosts').set({ group_id: other }).where('id', '=', b).execute();
    const limited: Principal = {
      ...ADMIN,
      rights: rightsOf([{ role: 'operator', groupId: domain.groupId }], (id) => [id]),
    };
    const [mine, theirs] = [await restore(a), await restore(b)];
    for (const id of [mine, theirs]) await cancelJob(context, ADMIN, id);
    await retryJob(context, limited, mine);
    await assert.rejects(retryJob(context, limited, theirs), code('NOT_FOUND'));
  });

  test('T-34 a run is expected of the virtual name: missed once, and only when no node ran it', async (t) => {
    const { domain, context, a, b, map, spec } = await nodes(t, open);
    await map(a, b);
    const plan = await createPlan(context, ADMIN, spec);
    await judgeRuns(context, always);
    const midnight = Math.ceil(domain.nowMs / DAY_MS) * DAY_MS;
    const runAt = (day: number) => midnight + day * DAY_MS + 2 * HOUR_MS;
    const said = async (hostId: HostId, day: number, state: 'skipped' | 'done' | 'missed') => {
      const id = scheduledJobId(plan.id, hostId, 'nightly', runAt(day), 1);
      const report = domain.report(
        { id, planId: plan.id },
        { state, trigger: 'schedule', scheduleName: 'nightly', scheduledAtMs: runAt(day) },
      );
      await takeSpool(context, hostId, [domain.jobItem(report)], () => undefined);
    };
    const judgeAfter = async (day: number) => {
      const untilMs = runAt(day) + HOUR_MS + 15 * MINUTE_MS;
      if (untilMs > domain.nowMs) await domain.clock.advance(untilMs - domain.nowMs);
      return judgeRuns(context, always);
    };
    const states = async (day: number) => {
      const { jobs } = await listJobViews(domain.store.db, {}, () => undefined);
      return Object.fromEntries(
        jobs
          .filter(({ scheduledAtMs }) => scheduledAtMs === runAt(day))
          .map(({ hostName, state }) => [hostName, state]),
      );
    };
    // one node ran, the other said that it was not the active one
    await domain.clock.advance(runAt(0) - domain.nowMs + MINUTE_MS);
    await said(a, 0, 'done');
    await said(b, 0, 'skipped');
    assert.equal(await judgeAfter(0), 0);
    assert.deepEqual(await states(0), { 'node-a': 'done', 'node-b': 'skipped' });
    // the inactive node alone spoke: the silent one should have run; its late report corrects that
    await domain.clock.advance(runAt(1) - domain.nowMs + MINUTE_MS);
    await said(b, 1, 'skipped');
    assert.equal(await judgeAfter(1), 1);
    assert.deepEqual(await states(1), { 'node-a': 'missed', 'node-b': 'skipped' });
    await said(a, 1, 'skipped');
    assert.deepEqual(await states(1), { 'node-a': 'missed', 'node-b': 'skipped' });
    await said(a, 1, 'done');
    assert.deepEqual(await states(1), { 'node-a': 'done', 'node-b': 'skipped' });
    // every node said that it was not the active one
    await domain.clock.advance(runAt(2) - domain.nowMs + MINUTE_MS);
    await said(a, 2, 'skipped');
    await said(b, 2, 'skipped');
    assert.equal(await judgeAfter(2), 1);
    assert.deepEqual(Object.values(await states(2)).sort(), ['missed', 'skipped']);
    assert.equal(await judgeAfter(2), 0);
    // nobody spoke: once missed; then the node that ran speaks, and the other that it was down
    assert.equal(await judgeAfter(3), 1);
    assert.deepEqual(await states(3), { 'node-a': 'missed' });
    await said(b, 3, 'done');
    assert.deepEqual(await states(3), { 'node-a': 'skipped', 'node-b': 'done' });
    assert.equal(await judgeAfter(4), 1);
    await said(b, 4, 'missed');
    assert.deepEqual(Object.values(await states(4)).sort(), ['missed', 'skipped']);
  });

  test('T-34 P-14 a mapped node restores what another backed up, by a grant for one job that ends with it', async (t) => {
    const { domain, context, media, a, b, repository, restore, grants, password, actsOf, point } =
      await backedUp(t, open);
    const id = await restore(b);
    const order = await domain.documents.read('order', id);
    assert.equal(order['hostId'], b);
    assert.deepEqual(await grants(), [
      { repository, readerId: b, jobId: id, expiresAtMs: domain.nowMs + READ_GRANT_MS },
    ]);
    const job = await viewJob(domain.store.db, id, () => undefined);
    assert.deepEqual([job.hostName, job.virtualName], ['node-b', null]); // the point came by nobody's plan
    assert.equal((await viewPoint(domain.store.db, point)).hostName, 'node-a');
    assert.equal(await password(b, id), await password(a, id));
    // nobody else's key, no other job, no other repository
    await assert.rejects(password(media, id), code('REPOSITORY_PASSWORD_REFUSED'));
    await assert.rejects(password(b, 'ab'.repeat(16) as typeof id), code('REPOSITORY_PASSWORD_REFUSED'));
    await createRepositoryOf(domain, media);
    await assert.rejects(password(b, id, repositoryName(media, 1)), code('REPOSITORY_PASSWORD_REFUSED'));
    await cancelJob(context, ADMIN, id);
    await assert.rejects(password(b, id), code('REPOSITORY_PASSWORD_REFUSED'));
    while (await followChanges(context, always));
    assert.deepEqual(await grants(), []);
    assert.deepEqual(
      (await actsOf('grant-read', 'release-repository-password')).map(
        ({ act, outcome }) => `${act} ${outcome}`,
      ),
      [
        'grant-read done',
        'release-repository-password done',
        'release-repository-password done',
        ...Array<string>(4).fill('release-repository-password refused'),
      ],
    );
    // once more, and again while the mapping allows it
    const again = await retryJob(context, ADMIN, id);
    assert.equal((await grants()).length, 1);
    await domain.clock.advance(READ_GRANT_MS);
    await assert.rejects(password(b, again), code('REPOSITORY_PASSWORD_REFUSED'));
  });

  test('T-34 without a mapping, and after it is gone, another host restores nothing', async (t) => {
    const { domain, context, plan, a, b, stranger, restore, grants, password, actsOf } = await backedUp(
      t,
      open,
    );
    await assert.rejects(
      restore(stranger),
      (error: unknown) =>
        error instanceof AppError &&
        error.code === 'RESTORE_HOST_NOT_MAPPED' &&
        errorWords(error.code, error.params, 'en').hint.includes('--host node-a --host stranger'),
    );
    const id = await restore(b);
    await deletePlan(context, ADMIN, plan.id);
    await deleteApplication(context, ADMIN, { name: VIP });
    assert.deepEqual(await grants(), []);
    await assert.rejects(password(b, id), code('REPOSITORY_PASSWORD_REFUSED'));
    assert.equal((await actsOf('end-read-grant')).length, 1);
    await assert.rejects(restore(b), code('RESTORE_HOST_NOT_MAPPED'));
    await cancelJob(context, ADMIN, id);
    await assert.rejects(retryJob(context, ADMIN, id), code('RESTORE_HOST_NOT_MAPPED'));
    // its own host restores it as ever
    assert.equal((await viewJob(domain.store.db, await restore(a), () => undefined)).state, 'queued');
  });

  test('T-34 a node that is taken out of the mapping loses what it was granted, others keep theirs', async (t) => {
    const { context, b, stranger, restore, grants } = await backedUp(t, open);
    await addHost(context, ADMIN, { name: VIP, hostId: stranger });
    await restore(b);
    const kept = await restore(stranger);
    await removeHost(context, ADMIN, { name: VIP, hostId: b });
    assert.deepEqual(
      (await grants()).map((grant) => (grant as { jobId: string }).jobId),
      [kept],
    );
  });

  test('T-34 a point of an application is restored only while its mapping is there; runs and points show the virtual name', async (t) => {
    const { domain, context, plan, a, media, repository, restore } = await backedUp(t, open);
    const jobId = scheduledJobId(plan.id, a, 'nightly', runTime(domain), 1);
    const snapshotId = domain.newSnapshotId();
    await domain.clock.advance(runTime(domain) - domain.nowMs);
    const report = domain.report(
      { id: jobId, planId: plan.id },
      {
        trigger: 'schedule',
        scheduleName: 'nightly',
        scheduledAtMs: domain.nowMs,
        repository,
        mediaHostId: media,
        snapshotId,
      },
    );
    await takeSpool(context, media, [domain.snapshotItem(repository, snapshotId)], () => undefined);
    await takeSpool(context, a, [domain.jobItem(report)], () => undefined);
    assert.equal((await viewPoint(domain.store.db, snapshotId)).virtualName, VIP);
    assert.equal((await viewJob(domain.store.db, jobId, () => undefined)).virtualName, VIP);
    const restored = await viewJob(domain.store.db, await restore(a, snapshotId), () => undefined);
    assert.equal(restored.virtualName, VIP);
    await deletePlan(context, ADMIN, plan.id);
    await deleteApplication(context, ADMIN, { name: VIP });
    await assert.rejects(restore(a, snapshotId), code('APPLICATION_MAPPING_MISSING'));
  });
});

/** Two o'clock of the next day. */
const runTime = (domain: ProtectionDomain): number => Math.ceil(domain.nowMs / DAY_MS) * DAY_MS + 2 * HOUR_MS;

/** A repository of another host, with a password of its own. */
async function createRepositoryOf(domain: ProtectionDomain, hostId: HostId): Promise<void> {
  await createPlan(
    domain.context,
    ADMIN,
    domain.spec({ name: 'other', mediaServers: [hostId], targets: { hosts: [hostId], groups: [] } }),
  );
}
