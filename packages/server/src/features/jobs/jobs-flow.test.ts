import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { JobView } from '@sekisho/core/wire/jobs.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { nextRunMs } from '@sekisho/core/rules/schedule.ts';
import { ADMIN, ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore, type OpenTestStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeSpool } from '../fleet/take-spool.ts';
import { expireOrders, giveUpLostJobs } from '../fleet/watch-jobs.ts';
import { FleetIndex } from '../fleet/fleet-index.ts';
import type { StoredPlan } from '../plans/read-plans.ts';
import { createPlan, deletePlan } from '../plans/save-plan.ts';
import { cancelJob } from './cancel-job.ts';
import { identifyRun } from './identify-run.ts';
import { judgeRuns } from './judge-runs.ts';
import { OpenWork } from './open-work.ts';
import { ProgressBoard } from './progress-board.ts';
import { retryJob } from './retry-job.ts';
import { runPlan } from './run-plan.ts';
import { listJobViews, viewJob } from './view-jobs.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;
const always = (): Promise<void> => Promise.resolve();
const nightly = { name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', startWithinMinutes: 60 };

interface Scene {
  readonly domain: ProtectionDomain;
  readonly media: HostId;
  readonly client: HostId;
  readonly plan: StoredPlan;
  start(scheduleName?: string): Promise<JobId>;
  job(id: JobId): Promise<JobView>;
  /** The spool of a host arrives; returns what was acknowledged. */
  spool(hostId: HostId, ...items: SpoolItem[]): Promise<string[]>;
  accept(hostId: HostId, jobId: JobId, accepted?: boolean): Promise<string[]>;
}

async function scene(t: HasAfter, open: OpenTestStore): Promise<Scene> {
  const domain = await ProtectionDomain.open(t, open);
  const media = await domain.host('media', { media: true });
  const client = await domain.host('client');
  const targets = { hosts: [client], groups: [] };
  const plan = await createPlan(
    domain.context,
    ADMIN,
    domain.spec({ mediaServers: [media], schedules: [nightly], targets }),
  );
  const spool = async (hostId: HostId, ...items: SpoolItem[]): Promise<string[]> => {
    const acknowledged: string[] = [];
    await takeSpool(domain.context, hostId, items, (ids) => void acknowledged.push(...ids));
    return acknowledged;
  };
  return {
    domain,
    media,
    client,
    plan,
    spool,
    start: async (scheduleName) =>
      (
        await runPlan(domain.context, ADMIN, {
          planId: plan.id,
          hosts: null,
          scheduleName: scheduleName ?? null,
        })
      )[0]!,
    job: (id) => viewJob(domain.store.db, id, () => undefined),
    accept: (hostId, jobId, accepted = true) =>
      spool(hostId, {
        kind: 'offer',
        spoolId: domain.spoolId(),
        jobId,
        accepted,
        code: accepted ? null : 'PLAN_UNKNOWN',
        params: {},
        startedAtMs: accepted ? domain.nowMs : null,
      }),
  };
}

const outbox = async (domain: ProtectionDomain): Promise<Record<string, unknown>[]> => {
  const rows = await domain.store.db.selectFrom('outbox').select('body').orderBy('num').execute();
  return rows.map((row) => JSON.parse(row.body) as Record<string, unknown>);
};

const periodOf = () => 300;

eachStore((dialect, open) => {
  test('P-13 a manual run is a queued job with a signed order for one host and an end', async (t) => {
    const { domain, client, plan, start, job } = await scene(t, open);
    const id = await start();
    const view = await job(id);
    assert.deepEqual(
      [view.state, view.trigger, view.hostId, view.scheduleName],
      ['queued', 'manual', client, null],
    );
    const order = await domain.documents.read('order', id);
    assert.equal(order['hostId'], client);
    assert.equal(order['expiresAtMs'], domain.nowMs + HOUR_MS);
    assert.deepEqual(order['act'], { what: 'backup', planId: plan.id, scheduleName: null, attempt: 1 });
  });

  test('P-12 a job goes from queued over active to done, once, whatever comes twice', async (t) => {
    const { domain, client, start, job, spool, accept } = await scene(t, open);
    const id = await start('nightly');
    await accept(client, id);
    await accept(client, id);
    assert.equal((await job(id)).state, 'active');
    const item = domain.jobItem(domain.report({ id }));
    assert.deepEqual(await spool(client, item), [item.spoolId]);
    assert.deepEqual(await spool(client, item), [item.spoolId], 'acknowledged again');
    await spool(client, domain.jobItem(domain.report({ id }, { state: 'failed' })));
    const view = await job(id);
    assert.deepEqual([view.state, view.scheduleName, view.report?.bytesAdded], ['done', 'nightly', 30]);
    assert.equal((await outbox(domain)).length, 1, 'one end, one outbox row');
  });

  test('P-12 incomplete keeps every unreadable file, done with warnings its warnings', async (t) => {
    const { domain, client, start, job, spool } = await scene(t, open);
    const id = await start();
    const unreadable = [{ path: '/home/x', reason: 'permission denied' }];
    await spool(
      client,
      domain.jobItem(domain.report({ id }, { state: 'incomplete', unreadable, unreadableCount: 1 })),
    );
    assert.deepEqual((await job(id)).report?.unreadable, unreadable);
  });

  test('P-12 an order that was refused by the agent has failed with its code', async (t) => {
    const { client, start, job, accept } = await scene(t, open);
    const id = await start();
    await accept(client, id, false);
    const view = await job(id);
    assert.deepEqual([view.state, view.report?.code], ['failed', 'PLAN_UNKNOWN']);
  });

  test('Invariant 4: what a host reports of another host’s job changes nothing and is audited', async (t) => {
    const { domain, media, start, job, spool } = await scene(t, open);
    const id = await start();
    const item = domain.jobItem(domain.report({ id }));
    assert.deepEqual(await spool(media, item), [item.spoolId], 'acknowledged: it would be refused for ever');
    assert.equal((await job(id)).state, 'queued');
    const refused = await domain.store.db
      .selectFrom('audit')
      .select(['actor', 'detail'])
      .where('outcome', '=', 'refused')
      .executeTakeFirstOrThrow();
    assert.equal(refused.actor, media);
    assert.equal((JSON.parse(refused.detail) as { code: string }).code, 'JOB_NOT_OF_HOST');
  });

  test('Invariant 4: a report cannot move its job to another kind, plan or schedule', async (t) => {
    const { domain, client, plan, start, job, spool } = await scene(t, open);
    const id = await start();
    const lie = domain.report(
      { id },
      { kind: 'maintain', planId: null, scheduleName: 'nightly', trigger: 'schedule' },
    );
    await spool(client, domain.jobItem(lie));
    const view = await job(id);
    assert.deepEqual(
      [view.kind, view.planId, view.scheduleName, view.trigger, view.report?.kind, view.report?.scheduleName],
      ['backup', plan.id, null, 'manual', 'backup', null],
    );
  });

  test('P-12 the report of a scheduled run makes its job, if the ID is the one that plan, host and time give', async (t) => {
    const { domain, client, plan, job, spool } = await scene(t, open);
    const scheduledAtMs = nextRunMs(nightly, domain.nowMs)!;
    await domain.clock.advance(scheduledAtMs - domain.nowMs);
    const id = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, 1);
    const facts = { planId: plan.id, scheduleName: 'nightly', scheduledAtMs, trigger: 'schedule' as const };
    await spool(client, domain.jobItem(domain.report({ id, planId: plan.id }, facts)));
    const view = await job(id);
    assert.deepEqual([view.state, view.trigger, view.scheduledAtMs], ['done', 'schedule', scheduledAtMs]);
    const foreign = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs + 1, 1);
    await spool(client, domain.jobItem(domain.report({ id: foreign, planId: plan.id }, facts)));
    await assert.rejects(job(foreign), code('NOT_FOUND'));
    for (const inventedMs of [scheduledAtMs + 30_000, scheduledAtMs + DAY_MS, 0]) {
      const invented = scheduledJobId(plan.id, client, 'nightly', inventedMs, 1);
      const claim = { ...facts, scheduledAtMs: inventedMs };
      await spool(client, domain.jobItem(domain.report({ id: invented, planId: plan.id }, claim)));
      await assert.rejects(job(invented), code('NOT_FOUND'), `a run at ${inventedMs} is not believed`);
    }
  });

  test('P-12 a scheduled run is seen while it runs, by its ID alone', async (t) => {
    const { domain, client, media, plan, job } = await scene(t, open);
    const scheduledAtMs = nextRunMs(nightly, domain.nowMs)!;
    await domain.clock.advance(scheduledAtMs - domain.nowMs + MINUTE_MS);
    const id = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, 1);
    assert.equal(await identifyRun(domain.context, media, id), false, 'not of another host');
    assert.equal(await identifyRun(domain.context, client, id), true);
    assert.deepEqual([(await job(id)).state, (await job(id)).scheduleName], ['active', 'nightly']);
  });

  test('P-12 a run without a report is missed after its window, once; a late report corrects it', async (t) => {
    const { domain, client, plan, job, spool } = await scene(t, open);
    const scheduledAtMs = nextRunMs(nightly, domain.nowMs)!;
    await domain.clock.advance(scheduledAtMs - domain.nowMs + HOUR_MS);
    assert.equal(await judgeRuns(domain.context, always), 0, 'its window and the grace are not over');
    await domain.clock.advance(15 * MINUTE_MS);
    assert.equal(await judgeRuns(domain.context, always), 1);
    assert.equal(await judgeRuns(domain.context, always), 0);
    const id = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, 1);
    assert.equal((await job(id)).state, 'missed');
    const facts = { planId: plan.id, scheduleName: 'nightly', scheduledAtMs, trigger: 'schedule' as const };
    await spool(client, domain.jobItem(domain.report({ id }, facts)));
    assert.equal((await job(id)).state, 'done');
    assert.deepEqual(
      (await outbox(domain)).map((row) => [row['state'], row['by'], row['corrected']]),
      [
        ['missed', 'server', false],
        ['done', 'agent', true],
      ],
    );
  });

  test('P-12 a run that was reported is not missed, nor is one of a deleted plan or of a time before the host', async (t) => {
    const { domain, client, plan, spool } = await scene(t, open);
    const scheduledAtMs = nextRunMs(nightly, domain.nowMs)!;
    const id = scheduledJobId(plan.id, client, 'nightly', scheduledAtMs, 1);
    const facts = { planId: plan.id, scheduleName: 'nightly', scheduledAtMs, trigger: 'schedule' as const };
    await domain.clock.advance(scheduledAtMs - domain.nowMs + 2 * HOUR_MS);
    await spool(client, domain.jobItem(domain.report({ id }, facts)));
    assert.equal(await judgeRuns(domain.context, always), 0);
    await domain.clock.advance(DAY_MS);
    await deletePlan(domain.context, ADMIN, plan.id);
    assert.equal(await judgeRuns(domain.context, always), 0);
  });

  test('P-12 a clock that goes back judges nothing twice', async (t) => {
    const { domain } = await scene(t, open);
    // two runs, whatever time of the day it is: past the second one's window
    await domain.clock.advance(nextRunMs(nightly, domain.nowMs)! - domain.nowMs + DAY_MS + 2 * HOUR_MS);
    assert.equal(await judgeRuns(domain.context, always), 2);
    domain.clock.jump(-DAY_MS);
    assert.equal(await judgeRuns(domain.context, always), 0);
    domain.clock.jump(DAY_MS);
    assert.equal(await judgeRuns(domain.context, always), 0);
  });

  test('P-12 an order that nobody answers in time has failed; a later answer corrects it', async (t) => {
    const { domain, client, start, job, accept } = await scene(t, open);
    const id = await start();
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    assert.equal(await expireOrders(domain.context, work, always), 0);
    await domain.clock.advance(HOUR_MS);
    assert.deepEqual(
      work.offersOf(client, { nowMs: domain.nowMs, upToDate: true, limit: 10 }),
      [],
      'not offered any more',
    );
    assert.equal(await expireOrders(domain.context, work, always), 1);
    assert.deepEqual(
      [(await job(id)).state, (await job(id)).report?.code],
      ['failed', 'JOB_ORDER_UNANSWERED'],
    );
    await accept(client, id);
    const view = await job(id);
    assert.deepEqual([view.state, view.endedAtMs, view.report], ['active', null, null]);
  });

  test('P-12 a queued job is cancelled at once, an active one is asked to stop until it reports', async (t) => {
    const { domain, client, start, job, accept, spool } = await scene(t, open);
    const first = await start();
    await cancelJob(domain.context, ADMIN, first);
    assert.equal((await job(first)).state, 'cancelled');
    await assert.rejects(cancelJob(domain.context, ADMIN, first), code('JOB_ENDED'));
    const second = await start();
    await accept(client, second);
    await cancelJob(domain.context, ADMIN, second);
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    assert.deepEqual(work.cancelsOf(client, 10), [second]);
    await spool(client, domain.jobItem(domain.report({ id: second }, { state: 'cancelled' })));
    await work.refresh(second);
    assert.deepEqual(work.cancelsOf(client, 10), []);
    assert.equal((await job(second)).state, 'cancelled');
  });

  test('P-12 a job that was taken while it was cancelled is active after all, and asked to stop', async (t) => {
    const { domain, client, start, job, accept } = await scene(t, open);
    const id = await start();
    await cancelJob(domain.context, ADMIN, id);
    await accept(client, id);
    assert.equal((await job(id)).state, 'active');
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    assert.deepEqual(work.cancelsOf(client, 10), [id]);
  });

  test('P-13 a failed run is retried as a job of its own with the next attempt', async (t) => {
    const { domain, client, start, job, spool } = await scene(t, open);
    const id = await start('nightly');
    await assert.rejects(retryJob(domain.context, ADMIN, id), code('JOB_RETRY_RUNNING'));
    await spool(client, domain.jobItem(domain.report({ id }, { state: 'failed', code: 'RESTIC_FATAL' })));
    const again = await job(await retryJob(domain.context, ADMIN, id));
    assert.deepEqual(
      [again.state, again.trigger, again.attempt, again.scheduleName],
      ['queued', 'retry', 2, 'nightly'],
    );
    assert.notEqual(again.id, id);
  });

  test('P-16 no backup is ordered without a valid certificate at both ends', async (t) => {
    const { domain, client, media, plan, start, job } = await scene(t, open);
    const input = { planId: plan.id, hosts: [client], scheduleName: null };
    await domain.revoke(client, 'superseded');
    await assert.rejects(runPlan(domain.context, ADMIN, input), code('JOB_HOST_REVOKED'));
    const all = await job(await start());
    assert.deepEqual(
      [all.state, all.report?.code],
      ['failed', 'JOB_HOST_REVOKED'],
      'all hosts: it fails and says why',
    );
    await domain.certify(client);
    await domain.revoke(media, 'superseded');
    await assert.rejects(runPlan(domain.context, ADMIN, input), code('JOB_HOST_REVOKED'));
    await domain.clock.advance(366 * DAY_MS);
    await domain.certify(media);
    await assert.rejects(runPlan(domain.context, ADMIN, input), code('JOB_HOST_EXPIRED'));
  });

  const refusals: [
    string,
    string,
    (scene: Scene) => { hosts: HostId[] | null; scheduleName: string | null },
  ][] = [
    [
      'a schedule that the plan lacks',
      'PLAN_SCHEDULE_UNKNOWN',
      () => ({ hosts: null, scheduleName: 'weekly' }),
    ],
    [
      'a host that the plan does not cover',
      'PLAN_HOST_NOT_COVERED',
      ({ media }) => ({ hosts: [media], scheduleName: null }),
    ],
  ];
  for (const [what, expected, input] of refusals) {
    test(`P-13 a run with ${what} is refused with ${expected}`, async (t) => {
      const made = await scene(t, open);
      await assert.rejects(
        runPlan(made.domain.context, ADMIN, { planId: made.plan.id, ...input(made) }),
        code(expected),
      );
    });
  }

  test('P-12 a job that its host, started again, does not know ends as interrupted; a report corrects it', async (t) => {
    const { domain, client, start, job, accept, spool } = await scene(t, open);
    const id = await start();
    await accept(client, id);
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    const index = new FleetIndex(domain.store);
    await index.load();
    const board = new ProgressBoard();
    const parts = { work, index, board, periodOf };
    const beat = (bootId: string, spooled = 0): void => {
      index.touch(index.get(client)!, heartbeat(domain.nowMs, bootId, spooled), 'ab', domain.nowMs);
    };
    beat('first');
    await domain.clock.advance(MINUTE_MS);
    beat('second', 1);
    await domain.clock.advance(20 * MINUTE_MS);
    beat('second', 1);
    assert.equal(await giveUpLostJobs(domain.context, parts), 0, 'its spool still holds something');
    beat('second');
    assert.equal(await giveUpLostJobs(domain.context, parts), 1);
    assert.deepEqual([(await job(id)).state, (await job(id)).report?.code], ['failed', 'JOB_INTERRUPTED']);
    await spool(client, domain.jobItem(domain.report({ id })));
    assert.equal((await job(id)).state, 'done');
  });

  test('P-12 an agent that was started again while the server was away is known by its boot ID', async (t) => {
    const { domain, client, start, job, accept } = await scene(t, open);
    const id = await start();
    await accept(client, id);
    const before = new FleetIndex(domain.store);
    await before.load();
    before.touch(before.get(client)!, heartbeat(domain.nowMs, 'first', 0), 'ab', domain.nowMs);
    await before.flush();
    await domain.clock.advance(HOUR_MS);
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    const index = new FleetIndex(domain.store);
    await index.load();
    const parts = { work, index, board: new ProgressBoard(), periodOf };
    index.touch(index.get(client)!, heartbeat(domain.nowMs, 'second', 0), 'ab', domain.nowMs);
    assert.equal(await giveUpLostJobs(domain.context, parts), 0, 'it has its minutes to report');
    await domain.clock.advance(11 * MINUTE_MS);
    index.touch(index.get(client)!, heartbeat(domain.nowMs, 'second', 0), 'ab', domain.nowMs);
    assert.equal(await giveUpLostJobs(domain.context, parts), 1);
    assert.equal((await job(id)).report?.code, 'JOB_INTERRUPTED');
  });

  test('P-12 a server process gives up no job of a host that another process hears', async (t) => {
    const { domain, client, start, job, accept } = await scene(t, open);
    const id = await start();
    await accept(client, id);
    const [here, there] = [new FleetIndex(domain.store), new FleetIndex(domain.store)];
    await here.load();
    await there.load();
    here.touch(here.get(client)!, heartbeat(domain.nowMs, 'first', 0), 'ab', domain.nowMs);
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    await domain.clock.advance(2 * DAY_MS);
    there.touch(there.get(client)!, heartbeat(domain.nowMs, 'first', 0), 'ab', domain.nowMs);
    await there.flush();
    await here.load();
    const board = new ProgressBoard();
    assert.equal(await giveUpLostJobs(domain.context, { work, index: here, board, periodOf }), 0);
    assert.equal((await job(id)).state, 'active');
    assert.equal(await giveUpLostJobs(domain.context, { work, index: there, board, periodOf }), 1);
  });

  test('P-12 jobs are listed newest first, by host, plan, state and kind', async (t) => {
    const { domain, client, plan, start } = await scene(t, open);
    const first = await start();
    await domain.clock.advance(1);
    const second = await start();
    const list = (filter: Parameters<typeof listJobViews>[1]): Promise<string[]> =>
      listJobViews(domain.store.db, filter, () => undefined).then(({ jobs }) => jobs.map(({ id }) => id));
    assert.deepEqual(await list({}), [second, first]);
    assert.deepEqual(await list({ host: client, plan: plan.id, state: 'queued', kind: 'backup', limit: 1 }), [
      second,
    ]);
    const { next } = await listJobViews(domain.store.db, { limit: 1 }, () => undefined);
    assert.deepEqual(await list({ after: next ?? '' }), [first]);
    assert.deepEqual(await list({ state: 'done' }), []);
  });

  test(`P-12 one item that cannot be written does not hold up the others (${dialect})`, async (t) => {
    const { domain, client, start, job, spool } = await scene(t, open);
    const id = await start();
    await domain.store.db
      .updateTable('jobs')
      .set({ act: '{"what":"unknown"}' })
      .where('id', '=', id)
      .execute();
    const good: SpoolItem = { kind: 'event', spoolId: 'good', event: 'repository-low', atMs: 1, detail: {} };
    const bad = domain.jobItem(domain.report({ id }));
    assert.deepEqual(await spool(client, bad, good), ['good'], 'the damaged one is kept by its agent');
    await assert.rejects(job(id));
  });
});

const heartbeat = (sentAtMs: number, bootId: string, spooled: number) => ({
  sentAtMs,
  bundleGeneration: 0,
  listSerial: 0,
  assignmentSerial: 0,
  policySerial: 0,
  crlNumber: 0,
  certificates: [],
  version: '1',
  bootId,
  health: [],
  spooled,
});
