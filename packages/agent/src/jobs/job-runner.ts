import { AppError, type ErrorParams } from '@sekisho/core/errors.ts';
import type { HostId, JobId, PlanId } from '@sekisho/core/ids.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { OrderAct, OrderPayload, PolicyPlan } from '@sekisho/core/wire/documents.ts';
import type { JobProgress, JobReport } from '@sekisho/core/wire/jobs.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Spool } from '../spool/spool.ts';
import type { JobFacts, Ledger } from './ledger.ts';
import { emptyReport, RunningJob, type JobOutcome } from './running-job.ts';

/** Jobs that work at the same time on one host. */
export const JOBS_AT_ONCE_MAX = 2;
/** Jobs that wait for their turn. */
export const JOBS_WAITING_MAX = 100;
/** Progress of one job is told at most this often. */
export const PROGRESS_EVERY_MS = 500;
/** A report that the disk or the spool had no room for is tried again after this. */
export const REPORT_RETRY_MS = 30 * SECOND_MS;

/** What the kinds of work do; the runner only knows when. */
export interface JobWork {
  backup(job: RunningJob, plan: PolicyPlan): Promise<JobOutcome>;
  act(job: RunningJob, act: Exclude<OrderAct, { what: 'backup' }>): Promise<JobOutcome>;
}

export interface JobRunner {
  /** Takes a signed order, or refuses it; either is spooled. The same order again is answered again, and not begun again. */
  offer(jws: string): Promise<void>;
  /** Begins a scheduled run, unless the ledger knows it. `startUntilMs`: when its window closes. */
  schedule(facts: JobFacts, plan: PolicyPlan, startUntilMs: number): Promise<void>;
  /** Reports a run that nobody started in time. */
  missed(facts: JobFacts): Promise<void>;
  cancel(jobId: JobId): void;
  /** Reports what a crash interrupted. Called once, before anything else; what can't be kept yet is tried again later. */
  recover(): Promise<void>;
  readonly active: readonly {
    jobId: JobId;
    kind: JobFacts['kind'];
    planId: PlanId | null;
    waiting: boolean;
  }[];
  stop(): Promise<void>;
}

interface Entry {
  readonly job: RunningJob;
  readonly work: () => Promise<JobOutcome>;
  readonly startUntilMs: number;
  begun: boolean;
  ended: Promise<void>;
}

export function createJobRunner(options: {
  hostId: HostId;
  verifyOrder: (jws: string) => Promise<OrderPayload>;
  findPlan: (planId: PlanId) => PolicyPlan | undefined;
  /** Fetches the newest policy and assignment; what cannot be had leaves those that are held. */
  refresh: () => Promise<void>;
  work: JobWork;
  ledger: Ledger;
  spool: Spool;
  onProgress: (jobId: JobId, progress: JobProgress) => void;
  clock: Clock;
  log: Log;
}): JobRunner {
  const { hostId, ledger, spool, clock, log } = options;
  const entries = new Map<JobId, Entry>();
  let stopping = false;
  /** Reports that could not be kept yet: no more than jobs that were taken, as taking one writes to the same disk. */
  const unkept = new Map<JobId, JobReport>();
  let cancelRetry: (() => void) | undefined;
  /** Offers are looked at one after the other, so that the same one twice in a row is seen. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  async function takeOrder(order: OrderPayload): Promise<void> {
    const { jobId } = order;
    // Neither taken nor answered: the server offers it to the next run of the agent.
    if (stopping) return;
    const known = ledger.state(jobId);
    if (known === 'taken' || known === 'ended' || known === 'reported') {
      await answer(jobId, undefined);
      return;
    }
    // An order may come faster than the policy that it builds on.
    await options.refresh();
    if (stopping) return;
    const refusal = judge(order);
    if (refusal !== undefined) {
      await ledger.refuse(jobId, clock.nowMs());
      await answer(jobId, refusal);
      return;
    }
    const facts = factsOf(order, options.findPlan);
    await ledger.take(facts, clock.nowMs());
    await answer(jobId, undefined);
    const { act } = order;
    const plan = act.what === 'backup' ? options.findPlan(act.planId) : undefined;
    enqueue(facts, Infinity, (job) =>
      act.what === 'backup' ? options.work.backup(job, plan!) : options.work.act(job, act),
    );
  }

  function judge(order: OrderPayload): AppError | undefined {
    if (order.hostId !== hostId) return new AppError('ORDER_NOT_FOR_HOST', { hostId: order.hostId });
    if (clock.nowMs() >= order.expiresAtMs)
      return new AppError('ORDER_EXPIRED', { expiresAt: new Date(order.expiresAtMs).toISOString() });
    if (order.act.what === 'backup' && options.findPlan(order.act.planId) === undefined)
      return new AppError('ORDER_PLAN_UNKNOWN', { planId: order.act.planId });
    if (entries.size >= JOBS_WAITING_MAX) return new AppError('JOB_QUEUE_FULL', { limit: JOBS_WAITING_MAX });
    return undefined;
  }

  async function answer(jobId: JobId, refusal: AppError | undefined): Promise<void> {
    await spool.put({
      kind: 'offer',
      spoolId: `offer-${jobId}`,
      jobId,
      accepted: refusal === undefined,
      code: refusal?.code ?? null,
      params: { ...(refusal?.params ?? ({} satisfies ErrorParams)) },
      startedAtMs: null,
    });
    if (refusal !== undefined) log.warn({ jobId, code: refusal.code }, 'an order was refused');
  }

  function enqueue(
    facts: JobFacts,
    startUntilMs: number,
    work: (job: RunningJob) => Promise<JobOutcome>,
  ): void {
    const job = new RunningJob(facts, clock.nowMs(), throttled(facts.jobId));
    entries.set(facts.jobId, {
      job,
      work: () => work(job),
      startUntilMs,
      begun: false,
      ended: Promise.resolve(),
    });
    startNext();
  }

  function throttled(jobId: JobId): (progress: JobProgress) => void {
    let lastMs = -Infinity;
    let lastPhase: string | undefined;
    return (progress) => {
      const nowMs = clock.monotonicMs();
      if (progress.phase === lastPhase && nowMs - lastMs < PROGRESS_EVERY_MS) return;
      lastMs = nowMs;
      lastPhase = progress.phase;
      options.onProgress(jobId, progress);
    };
  }

  /** In the order in which they came; one backup of a plan at a time. */
  function startNext(): void {
    if (stopping) return;
    const running = [...entries.values()].filter((entry) => entry.begun);
    for (const entry of entries.values()) {
      if (running.length >= JOBS_AT_ONCE_MAX) return;
      if (entry.begun || running.some((other) => conflicts(other.job.facts, entry.job.facts))) continue;
      entry.begun = true;
      running.push(entry);
      entry.ended = run(entry);
    }
  }

  async function run(entry: Entry): Promise<void> {
    const { job } = entry;
    const { jobId } = job.facts;
    log.info({ jobId, kind: job.facts.kind, planId: job.facts.planId }, 'job begins');
    let report: JobReport;
    try {
      job.check();
      if (clock.nowMs() > entry.startUntilMs) report = { ...emptyMissed(job), code: 'JOB_WINDOW_MISSED' };
      else report = job.reportOutcome(await entry.work(), clock.nowMs());
    } catch (error) {
      report = job.reportFailure(stopReason(job) ?? error, clock.nowMs());
      if (report.state === 'failed') log.warn({ err: error, jobId }, 'job failed');
    }
    log.info({ jobId, state: report.state, code: report.code }, 'job ended');
    await keep(report);
    entries.delete(jobId);
    startNext();
  }

  const emptyMissed = (job: RunningJob): JobReport => ({
    ...emptyReport(job.facts, job.startedAtMs, clock.nowMs()),
    state: 'missed',
  });

  /** On the disk as ended, then spooled, then only the ID: whatever is killed in between is repeated, and idempotent. */
  async function finish(report: JobReport): Promise<void> {
    await ledger.end(report, clock.nowMs());
    await spool.put({ kind: 'job', spoolId: `job-${report.jobId}`, report });
    await ledger.reported(report.jobId, clock.nowMs());
  }

  /** Finishes, now or as soon as there is room: a full disk or a full spool must neither end the agent nor lose a report. */
  async function keep(report: JobReport): Promise<void> {
    try {
      await finish(report);
      unkept.delete(report.jobId);
    } catch (error) {
      log.error({ err: error, jobId: report.jobId }, 'a report could not be kept yet');
      unkept.set(report.jobId, report);
      if (stopping) return; // The ledger has the job: the next start reports it.
      cancelRetry ??= clock.timer(REPORT_RETRY_MS, () => {
        cancelRetry = undefined;
        void inTurn(async () => {
          for (const waiting of [...unkept.values()]) if (!stopping) await keep(waiting);
        });
      });
    }
  }

  return {
    offer: (jws) =>
      inTurn(async () => {
        await takeOrder(await options.verifyOrder(jws));
      }),
    schedule: (facts, plan, startUntilMs) =>
      inTurn(async () => {
        if (ledger.state(facts.jobId) !== undefined) return;
        await ledger.take(facts, clock.nowMs());
        enqueue(facts, startUntilMs, (job) => options.work.backup(job, plan));
      }),
    missed: (facts) =>
      inTurn(async () => {
        if (ledger.state(facts.jobId) !== undefined) return;
        const report: JobReport = { ...emptyReport(facts, clock.nowMs(), clock.nowMs()), state: 'missed' };
        await keep(report);
        // Not even in the ledger: the schedule must not move on over it.
        if (ledger.state(facts.jobId) === undefined)
          throw new Error('a missed run could not be written down');
      }),
    cancel(jobId) {
      entries.get(jobId)?.job.stop('cancelled');
      startNext();
      const entry = entries.get(jobId);
      if (entry !== undefined && !entry.begun) {
        entry.begun = true;
        entry.ended = run(entry);
      }
    },
    async recover() {
      const { interrupted, unspooled } = await ledger.leftovers();
      for (const report of unspooled) await keep(report);
      for (const { job, atMs } of interrupted) {
        log.warn({ jobId: job.jobId }, 'a job was interrupted by the end of the agent');
        await keep({ ...emptyReport(job, atMs, clock.nowMs()), state: 'failed', code: 'JOB_INTERRUPTED' });
      }
    },
    get active() {
      return [...entries.values()].map(({ job, begun }) => ({
        jobId: job.facts.jobId,
        kind: job.facts.kind,
        planId: job.facts.planId,
        waiting: !begun,
      }));
    },
    async stop() {
      stopping = true;
      cancelRetry?.();
      await turn;
      for (const entry of entries.values()) entry.job.stop(new AppError('JOB_AGENT_STOPPED'));
      await Promise.all([...entries.values()].map((entry) => entry.ended));
      for (const report of [...unkept.values()]) await keep(report);
      // What had not begun is in the ledger as taken: the next start says that it was interrupted.
    },
  };
}

const conflicts = (left: JobFacts, right: JobFacts): boolean =>
  left.kind === 'backup' && right.kind === 'backup' && left.planId === right.planId;

/** Why the job was told to stop, when that is why it ended. */
function stopReason(job: RunningJob): unknown {
  if (!job.signal.aborted) return undefined;
  try {
    job.check();
    return undefined;
  } catch (reason) {
    return reason;
  }
}

function factsOf(order: OrderPayload, findPlan: (planId: PlanId) => PolicyPlan | undefined): JobFacts {
  const { act, jobId } = order;
  const base: JobFacts = {
    jobId,
    kind: act.what,
    trigger: 'manual',
    planId: null,
    planRevision: null,
    scheduleName: null,
    scheduledAtMs: null,
    attempt: 1,
    repository: null,
    mediaHostId: null,
  };
  switch (act.what) {
    case 'backup':
      return {
        ...base,
        trigger: act.attempt > 1 ? 'retry' : 'manual',
        planId: act.planId,
        planRevision: findPlan(act.planId)?.revision ?? null,
        scheduleName: act.scheduleName,
        attempt: act.attempt,
      };
    case 'restore':
    case 'browse':
      return { ...base, repository: act.repository, mediaHostId: act.mediaHostId };
    case 'maintain':
    case 'seal':
      return { ...base, trigger: 'system', repository: act.repository, mediaHostId: order.hostId };
  }
}
