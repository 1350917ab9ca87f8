import { AppError } from '@sekisho/core/errors.ts';
import { parseJobId, parsePlanId, type JobId, type PlanId } from '@sekisho/core/ids.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { OrderAct, OrderPayload, PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { newDomainId, newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../../test/until.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { createJobRunner, JOBS_AT_ONCE_MAX, REPORT_RETRY_MS, type JobRunner } from './job-runner.ts';
import { openLedger, type Ledger } from './ledger.ts';
import type { JobOutcome, RunningJob } from './running-job.ts';

const hostId = newHostId();
const domain = newDomainId();
const jobIdOf = (): JobId => parseJobId(randomBytes(16).toString('hex'))!;
const planIds = [randomUUID(), randomUUID(), randomUUID()].map((id) => parsePlanId(id)!);

const planOf = (planId: PlanId): PolicyPlan => ({
  planId,
  name: 'plan',
  revision: 3,
  hostIds: null,
  enabledSinceMs: 0,
  paths: ['/data'],
  excludes: [],
  schedules: [],
  retention: { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  mediaHostIds: [hostId],
  bandwidthKiBps: null,
  commands: { pre: null, post: null },
  application: null,
});

interface Bench {
  runner: JobRunner;
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly clock: FakeClock;
  /** Items the spool holds after the next restart. */
  readonly room: { itemsMax: number };
  /** Work that waits: resolve or reject it. */
  readonly working: Map<JobId, { job: RunningJob; end: (outcome?: JobOutcome) => void }>;
  order(act?: Partial<OrderPayload>): Promise<JobId>;
  items(): Promise<SpoolItem[]>;
  restart(): Promise<void>;
}

async function bench(t: TestContext): Promise<Bench> {
  const folder = await tempFolder(t);
  await mkdir(join(folder, 'spool'));
  await mkdir(join(folder, 'jobs'));
  const clock = new FakeClock();
  const working: Bench['working'] = new Map();
  const work = (job: RunningJob): Promise<JobOutcome> =>
    new Promise((resolve, reject) => {
      working.set(job.facts.jobId, {
        job,
        end: (outcome) => {
          working.delete(job.facts.jobId);
          resolve(outcome ?? { state: 'done' });
        },
      });
      job.signal.addEventListener('abort', () => {
        working.delete(job.facts.jobId);
        try {
          job.check();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  const room = { itemsMax: 100 };
  const parts = async () => {
    const spool = await openSpool({ folder: join(folder, 'spool'), log: silentLog(), ...room });
    const ledger = await openLedger({ folder: join(folder, 'jobs'), nowMs: clock.nowMs(), log: silentLog() });
    const runner = createJobRunner({
      hostId,
      verifyOrder: (jws) => Promise.resolve(JSON.parse(jws) as OrderPayload),
      findPlan: (id) => (planIds.includes(id) ? planOf(id) : undefined),
      refresh: () => Promise.resolve(),
      work: { backup: work, act: work },
      ledger,
      spool,
      onProgress: () => undefined,
      clock,
      log: silentLog(),
    });
    return { spool, ledger, runner };
  };
  const made: Bench = {
    ...(await parts()),
    room,
    clock,
    working,
    async order(over = {}) {
      const act: OrderAct = { what: 'backup', planId: planIds[0]!, scheduleName: null, attempt: 1 };
      const payload: OrderPayload = {
        domain,
        serial: 1,
        issuedAt: clock.nowMs(),
        jobId: jobIdOf(),
        hostId,
        expiresAtMs: clock.nowMs() + 60_000,
        act,
        ...over,
      };
      await made.runner.offer(JSON.stringify(payload));
      return payload.jobId;
    },
    items: () => made.spool.batch(),
    async restart() {
      working.clear();
      Object.assign(made, await parts());
      await made.runner.recover();
    },
  };
  return made;
}
const offersOf = (items: readonly SpoolItem[]): [string, boolean, string | null][] =>
  items.flatMap((item) => (item.kind === 'offer' ? [[item.jobId, item.accepted, item.code]] : []));
const reportsOf = (items: readonly SpoolItem[]): [string, string, string | null][] =>
  items.flatMap((item) =>
    item.kind === 'job' ? [[item.report.jobId, item.report.state, item.report.code]] : [],
  );

test('P-12 an order is answered, carried out and reported; the same again is only answered', async (t) => {
  const b = await bench(t);
  const id = await b.order();
  await until('it works', () => b.working.has(id));
  await b.order({ jobId: id });
  assert.equal(b.working.size, 1);
  b.working.get(id)!.end({ state: 'warnings', filesDone: 7 });
  await until('it is reported', async () => reportsOf(await b.items()).length === 1);
  assert.deepEqual(offersOf(await b.items()), [[id, true, null]]);
  await b.order({ jobId: id });
  assert.equal(b.working.size, 0);
  assert.deepEqual(reportsOf(await b.items()), [[id, 'warnings', null]]);
  await until('the ledger knows', () => b.ledger.state(id) === 'reported');
});

test('P-12 an order that was taken before a kill is reported as interrupted, and never begun again', async (t) => {
  const b = await bench(t);
  const id = await b.order();
  await until('it works', () => b.working.has(id));
  await b.restart();
  assert.deepEqual(reportsOf(await b.items()), [[id, 'failed', 'JOB_INTERRUPTED']]);
  await b.order({ jobId: id });
  assert.equal(b.working.size, 0);
  await b.restart();
  assert.equal(reportsOf(await b.items()).length, 1);
});

const refusals: [string, (b: Bench) => Partial<OrderPayload>, string][] = [
  ['for another host', () => ({ hostId: newHostId() }), 'ORDER_NOT_FOR_HOST'],
  ['that ran out', (b) => ({ expiresAtMs: b.clock.nowMs() }), 'ORDER_EXPIRED'],
  [
    'of a plan this host does not have',
    () => ({ act: { what: 'backup', planId: parsePlanId(randomUUID())!, scheduleName: null, attempt: 1 } }),
    'ORDER_PLAN_UNKNOWN',
  ],
];
for (const [what, over, code] of refusals) {
  test(`an order ${what} is refused with ${code}, and nothing is run`, async (t) => {
    const b = await bench(t);
    const id = await b.order(over(b));
    assert.deepEqual(offersOf(await b.items()), [[id, false, code]]);
    assert.equal(b.working.size, 0);
  });
}

test('P-12 one backup of a plan at a time, and never more jobs than the limit', async (t) => {
  const b = await bench(t);
  const backupOf = (index: number): OrderAct => ({
    what: 'backup',
    planId: planIds[index]!,
    scheduleName: null,
    attempt: 1,
  });
  const first = await b.order();
  const second = await b.order();
  const other = await b.order({ act: backupOf(1) });
  const third = await b.order({ act: backupOf(2) });
  await until('two work', () => b.working.size === JOBS_AT_ONCE_MAX);
  assert.deepEqual([...b.working.keys()].sort(), [first, other].sort());
  assert.deepEqual(
    b.runner.active.map(({ jobId, waiting }) => [jobId, waiting]),
    [
      [first, false],
      [second, true],
      [other, false],
      [third, true],
    ],
  );
  b.working.get(first)!.end();
  await until('the second of the plan begins', () => b.working.has(second));
  assert.equal(b.working.has(third), false);
});

test('P-12 cancelling ends a running job and one that waits', async (t) => {
  const b = await bench(t);
  const [running, waiting] = [await b.order(), await b.order()];
  await until('it works', () => b.working.has(running));
  b.runner.cancel(waiting);
  b.runner.cancel(running);
  b.runner.cancel(jobIdOf());
  await until('both are reported', async () => reportsOf(await b.items()).length === 2);
  assert.deepEqual(
    reportsOf(await b.items()).map(([, state]) => state),
    ['cancelled', 'cancelled'],
  );
});

test('P-12 a scheduled run that could not begin within its window is missed', async (t) => {
  const b = await bench(t);
  const running = await b.order();
  await until('it works', () => b.working.has(running));
  const facts = {
    jobId: jobIdOf(),
    kind: 'backup' as const,
    trigger: 'schedule' as const,
    planId: planIds[0]!,
    planRevision: 3,
    scheduleName: 'nightly',
    scheduledAtMs: b.clock.nowMs(),
    attempt: 1,
    repository: null,
    mediaHostId: null,
  };
  await b.runner.schedule(facts, planOf(planIds[0]!), b.clock.nowMs() + 60_000);
  await b.runner.schedule(facts, planOf(planIds[0]!), b.clock.nowMs() + 60_000);
  await b.clock.advance(61_000);
  b.working.get(running)!.end();
  await until('both are reported', async () => reportsOf(await b.items()).length === 2);
  assert.deepEqual(reportsOf(await b.items())[1], [facts.jobId, 'missed', 'JOB_WINDOW_MISSED']);
});

test('P-12 a job that throws is failed with its code; an unknown error says INTERNAL and no more', async (t) => {
  const b = await bench(t);
  const id = await b.order();
  await until('it works', () => b.working.has(id));
  b.working.get(id)!.job.stop(new AppError('MEDIA_SERVER_UNREACHABLE', { name: 'm', detail: 'd' }));
  await until('it is reported', async () => reportsOf(await b.items()).length === 1);
  assert.deepEqual(reportsOf(await b.items()), [[id, 'failed', 'MEDIA_SERVER_UNREACHABLE']]);
});

test('P-12 stopping the agent ends its jobs in a true state', async (t) => {
  const b = await bench(t);
  const [running, waiting] = [await b.order(), await b.order()];
  await until('it works', () => b.working.has(running));
  await b.runner.stop();
  assert.deepEqual(reportsOf(await b.items()), [[running, 'failed', 'JOB_AGENT_STOPPED']]);
  await b.restart();
  assert.deepEqual(reportsOf(await b.items()), [
    [running, 'failed', 'JOB_AGENT_STOPPED'],
    [waiting, 'failed', 'JOB_INTERRUPTED'],
  ]);
});

test('P-12 a full spool ends neither the agent nor a report: it is kept as soon as there is room', async (t) => {
  const b = await bench(t);
  const interrupted = await b.order();
  await until('it works', () => b.working.has(interrupted));
  b.room.itemsMax = 1;
  await b.restart();
  assert.deepEqual(reportsOf(await b.items()), [], 'the answer to the order takes all the room');
  assert.equal(b.ledger.state(interrupted), 'ended');
  await b.clock.advance(REPORT_RETRY_MS);
  await b.spool.acknowledge([`offer-${interrupted}`]);
  await until('the report is spooled', async () => {
    await b.clock.advance(REPORT_RETRY_MS);
    return reportsOf(await b.items()).length === 1;
  });
  assert.deepEqual(reportsOf(await b.items()), [[interrupted, 'failed', 'JOB_INTERRUPTED']]);
  await until('it is off the list', () => b.ledger.state(interrupted) === 'reported');
  await b.runner.stop();
});

test('an order that comes while the agent stops is left to its next run', async (t) => {
  const b = await bench(t);
  await b.runner.stop();
  const id = await b.order();
  assert.deepEqual([b.ledger.state(id), await b.items()], [undefined, []]);
  await b.restart();
  await b.order({ jobId: id });
  await until('it works', () => b.working.has(id));
});
