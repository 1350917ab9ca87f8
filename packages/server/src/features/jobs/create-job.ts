import { AppError, type ErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import { parseJobId, type HostId, type JobId, type PlanId, type RepositoryName } from '@sekisho/core/ids.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { makeOrder, orderExpiresAtMs } from '../orders/make-order.ts';
import { announceEnd, judged } from './end-job.ts';
import { insertJob, selectOpenJobs, type JobTrigger, type NewJob } from './jobs.store.ts';

/** Jobs of one host that wait or run; more are refused. Sealing is not: it must not wait, and a repository has one at most. */
export const OPEN_JOBS_PER_HOST_MAX = 200;
const JOB_ID_BYTES = 16;

/** A job that an administrator or the server itself orders. */
export interface JobOrder {
  readonly hostId: HostId;
  readonly hostName: string;
  readonly trigger: Exclude<JobTrigger, 'schedule'>;
  readonly act: OrderAct;
  readonly planId: PlanId | null;
  readonly scheduleName: string | null;
  readonly attempt: number;
  readonly retryOf: JobId | null;
  readonly repository: RepositoryName | null;
}

/**
 * P-12, P-13 A queued job and its signed order, audited. It is offered to its host at once and again until answered.
 * @throws AppError JOBS_OPEN_TOO_MANY
 */
export async function createJob(
  context: FleetContext,
  tx: Tx,
  actor: Actor,
  order: JobOrder,
): Promise<JobId> {
  const nowMs = context.clock.nowMs();
  if (order.act.what !== 'seal') await refuseTooMany(tx, order);
  const job = newJob(context, actor, order, nowMs);
  await insertJob(tx, job);
  await makeOrder(context, tx, {
    jobId: job.id,
    hostId: order.hostId,
    act: order.act,
    expiresAtMs: job.orderExpiresAtMs!,
  });
  await recordChange(tx, 'job', job.id);
  await audit(tx, actor, job, 'done', nowMs);
  return job.id;
}

async function refuseTooMany(tx: Tx, order: JobOrder): Promise<void> {
  const open = await selectOpenJobs(tx, { hostId: order.hostId, limit: OPEN_JOBS_PER_HOST_MAX });
  if (open.length >= OPEN_JOBS_PER_HOST_MAX)
    throw new AppError('JOBS_OPEN_TOO_MANY', { host: order.hostName, limit: OPEN_JOBS_PER_HOST_MAX });
}

/** A job that cannot even be ordered: it has failed at once, and says why. No order is signed. */
export async function createRefusedJob(
  context: FleetContext,
  tx: Tx,
  actor: Actor,
  order: JobOrder,
  refusal: { code: ErrorCode; params: ErrorParams },
): Promise<JobId> {
  const nowMs = context.clock.nowMs();
  const queued = newJob(context, actor, order, nowMs);
  const verdict = judged(queued, 'failed', nowMs, refusal);
  const job: NewJob = { ...queued, state: 'failed', endedAtMs: nowMs, orderExpiresAtMs: null, verdict };
  await insertJob(tx, job);
  await announceEnd(tx, job, verdict, nowMs, false);
  await audit(tx, actor, job, 'refused', nowMs);
  return job.id;
}

function newJob(context: FleetContext, actor: Actor, order: JobOrder, nowMs: number): NewJob {
  return {
    id: parseJobId(Buffer.from(context.random.bytes(JOB_ID_BYTES)).toString('hex'))!,
    kind: order.act.what,
    hostId: order.hostId,
    planId: order.planId,
    trigger: order.trigger,
    scheduleName: order.scheduleName,
    scheduledAtMs: null,
    attempt: order.attempt,
    retryOf: order.retryOf,
    state: 'queued',
    act: order.act,
    orderExpiresAtMs: orderExpiresAtMs(order.act.what, context.settings, nowMs),
    cancelAskedAtMs: null,
    createdAtMs: nowMs,
    createdBy: actor.name,
    startedAtMs: null,
    endedAtMs: null,
    repository: order.repository,
    verdict: null,
  };
}

const audit = (
  tx: Tx,
  actor: Actor,
  job: NewJob,
  outcome: 'done' | 'refused',
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act: `order-${job.kind}`,
      actor: actor.name,
      origin: actor.origin,
      subject: job.hostId,
      outcome,
      detail: {
        jobId: job.id,
        planId: job.planId,
        repository: job.repository,
        code: job.verdict?.report.code ?? null,
        order: job.act,
      },
    },
    nowMs,
  );
