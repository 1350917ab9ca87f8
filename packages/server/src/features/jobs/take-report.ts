import { AppError } from '@sekisho/core/errors.ts';
import { repositoryOwner, type HostId } from '@sekisho/core/ids.ts';
import { CLOCK_SKEW_MAX_MS } from '@sekisho/core/limits.ts';
import { decideJob, POINT_STATES } from '@sekisho/core/rules/jobs.ts';
import { MISSED_LOOK_BACK_MS, RUN_ATTEMPTS_MAX } from '@sekisho/core/rules/schedule.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import type { Tx } from '../../store/tables.ts';
import { findStoredPlan } from '../plans/read-plans.ts';
import { settleApplicationRun } from './settle-application-run.ts';
import { takeLegacyPoint } from '../legacy/take-legacy-point.ts';
import { joinReport } from '../points/join-point.ts';
import { takeForgotten } from '../points/take-forgotten.ts';
import { markMaintenance } from '../repositories/mark-maintenance.ts';
import { endJob } from './end-job.ts';
import { factsOf } from './job-facts.ts';
import { insertJob, selectJob, type NewJob, type StoredJob } from './jobs.store.ts';
import { dropOldestBackups } from './prune-jobs.ts';

/**
 * P-12 Takes an agent's report of a finished job. The host is the one of the certificate; what the report says of it is not
 * read. The same report again changes nothing; one that comes late corrects what the server judged meanwhile. A report of a
 * scheduled run makes the job's row, when its ID is the one that plan, host and time give.
 * @throws AppError JOB_UNEXPLAINED, JOB_NOT_OF_HOST
 */
export async function takeReport(tx: Tx, hostId: HostId, report: JobReport, nowMs: number): Promise<void> {
  const job = (await selectJob(tx, report.jobId)) ?? (await insertScheduled(tx, hostId, report, nowMs));
  if (job.hostId !== hostId) throw new AppError('JOB_NOT_OF_HOST', { jobId: report.jobId });
  const decision = decideJob(factsOf(job), { what: 'reported', state: report.state });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  if (decision.change !== 'state') return;
  const clean = await settleApplicationRun(tx, job, ownFacts(job, hostId, report), nowMs);
  await endJob(tx, job, { by: 'agent', report: clean }, nowMs);
  await follow(tx, job, clean, nowMs);
}

/** What happens elsewhere because this job ended so. */
async function follow(tx: Tx, job: StoredJob, report: JobReport, nowMs: number): Promise<void> {
  switch (job.kind) {
    case 'backup':
      await takeLegacyPoint(tx, report, nowMs);
      if (report.snapshotId !== null && POINT_STATES.has(report.state)) await joinReport(tx, job, report);
      return;
    case 'maintain':
      if (job.act?.what !== 'maintain') return;
      await takeForgotten(tx, job.act, report.forgotten ?? [], nowMs);
      if (POINT_STATES.has(report.state)) await markMaintenance(tx, job.act.repository, nowMs);
      return;
    case 'restore':
    case 'browse':
    case 'seal':
      return;
  }
}

/** The job is what the server knows of it: a report cannot move it to another kind, plan, schedule or repository owner. */
function ownFacts(job: StoredJob, hostId: HostId, report: JobReport): JobReport {
  const foreign =
    report.repository !== null && job.kind === 'backup' && repositoryOwner(report.repository) !== hostId;
  return {
    ...report,
    kind: job.kind,
    trigger: job.trigger,
    planId: job.planId,
    scheduleName: job.scheduleName,
    scheduledAtMs: job.scheduledAtMs,
    attempt: job.attempt,
    repository: foreign ? null : report.repository,
  };
}

/**
 * A run of a full minute, since the plan is there and not in the future. Which schedules an agent knew that was away for long
 * is not known here, so invented runs are possible: their number is limited (`dropOldestBackups`).
 */
const isPlausible = (scheduledAtMs: number, planSinceMs: number, nowMs: number): boolean =>
  scheduledAtMs % MINUTE_MS === 0 &&
  scheduledAtMs >= planSinceMs - MISSED_LOOK_BACK_MS &&
  scheduledAtMs <= nowMs + CLOCK_SKEW_MAX_MS;

async function insertScheduled(tx: Tx, hostId: HostId, report: JobReport, nowMs: number): Promise<StoredJob> {
  const { planId, scheduleName, scheduledAtMs, attempt } = report;
  const unknown = new AppError('JOB_UNEXPLAINED', { jobId: report.jobId });
  if (report.kind !== 'backup' || planId === null || scheduleName === null || scheduledAtMs === null)
    throw unknown;
  if (attempt < 1 || attempt > RUN_ATTEMPTS_MAX) throw unknown;
  if (scheduledJobId(planId, hostId, scheduleName, scheduledAtMs, attempt) !== report.jobId) throw unknown;
  const plan = await findStoredPlan(tx, planId);
  if (plan === undefined || !isPlausible(scheduledAtMs, plan.createdAtMs, nowMs)) throw unknown;
  const job: NewJob = {
    id: report.jobId,
    kind: 'backup',
    hostId,
    planId,
    trigger: 'schedule',
    scheduleName,
    scheduledAtMs,
    attempt,
    retryOf: null,
    state: 'active',
    act: null,
    orderExpiresAtMs: null,
    cancelAskedAtMs: null,
    createdAtMs: nowMs,
    createdBy: 'schedule',
    startedAtMs: report.startedAtMs,
    endedAtMs: null,
    repository: null,
    verdict: null,
  };
  await insertJob(tx, job);
  await dropOldestBackups(tx, hostId);
  const inserted = await selectJob(tx, job.id);
  if (inserted === undefined) throw unknown;
  return inserted;
}
