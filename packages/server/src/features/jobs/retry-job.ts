import { AppError } from '@sekisho/core/errors.ts';
import { repositoryOwner, type HostId, type JobId } from '@sekisho/core/ids.ts';
import { decideRetry } from '@sekisho/core/rules/jobs.ts';
import { reachOf, type Principal, type Right } from '@sekisho/core/rules/rights.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { jobIsWithin, requireHost } from '../groups/within-reach.ts';
import { grantRead, requireMapped } from '../restores/grant-read.ts';
import { findStoredPlan } from '../plans/read-plans.ts';
import { ensureRepositories } from '../repositories/ensure-repositories.ts';
import { requireCertificates } from './check-certificates.ts';
import { requireVerified } from './check-verification.ts';
import { createJob } from './create-job.ts';
import { selectJob, type StoredJob } from './jobs.store.ts';
import { backupOrder, refusalsOf } from './run-plan.ts';

/**
 * P-13 Starts a finished job once more, as a job of its own: a backup by its plan as it is now, a restore or browsing as it
 * was ordered. What needs a right of its own to be ordered needs it to be ordered again: a restore overwrites files.
 * @throws AppError NOT_FOUND, RIGHT_MISSING, JOB_RETRY_…, JOB_HOST_…, JOBS_OPEN_TOO_MANY, RESTORE_HOST_NOT_MAPPED
 */
export async function retryJob(context: FleetContext, principal: Principal, id: JobId): Promise<JobId> {
  return context.store.transaction(async (tx) => {
    const job = await selectJob(tx, id);
    if (job === undefined) throw new AppError('NOT_FOUND', { what: 'job', id });
    const decision = decideRetry(job);
    if (!decision.allow) throw new AppError(decision.code, decision.params);
    if (job.kind === 'backup') return retryBackup(context, tx, principal, job);
    const right: Right = job.kind === 'restore' ? 'restore.run' : 'point.read';
    if (!(await jobIsWithin(tx, reachOf(principal, right), id)))
      throw new AppError('RIGHT_MISSING', { right });
    return retryOrder(context, tx, principal, job);
  });
}

async function retryBackup(context: FleetContext, tx: Tx, actor: Actor, job: StoredJob): Promise<JobId> {
  const plan = job.planId === null ? undefined : await findStoredPlan(tx, job.planId);
  if (plan === undefined || plan.deletedAtMs !== null) throw new AppError('JOB_RETRY_PLAN_GONE');
  const [host] = await requireCertificates(tx, [job.hostId], context.clock.nowMs());
  if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: job.hostId });
  const [refusal] = (await refusalsOf(context, tx, plan, [host])).values();
  if (refusal !== undefined) throw new AppError(refusal.code, refusal.params);
  await ensureRepositories(context, tx, [host], plan.spec.mediaServers);
  const scheduleName = plan.spec.schedules.some((one) => one.name === job.scheduleName)
    ? job.scheduleName
    : null;
  return createJob(
    context,
    tx,
    actor,
    backupOrder(plan, host, scheduleName, { of: job.id, attempt: job.attempt + 1 }),
  );
}

async function retryOrder(
  context: FleetContext,
  tx: Tx,
  principal: Principal,
  job: StoredJob,
): Promise<JobId> {
  if (job.act === null) throw new AppError('JOB_RETRY_KIND', { kind: job.kind });
  const { act } = job;
  if (act.what === 'restore') await requireHost(tx, reachOf(principal, 'restore.run'), job.hostId);
  const repository = act.what === 'restore' ? act.repository : undefined;
  // what was allowed then must be allowed now
  const mapping =
    repository === undefined ? undefined : await requireMapped(tx, job.hostId, repositoryOwner(repository));
  const hosts = await requireCertificates(tx, [job.hostId, ...mediaOf(act)], context.clock.nowMs());
  const ordered = hosts.filter(({ id }) => id === job.hostId);
  await requireVerified(context, tx, ordered);
  const jobId = await createJob(context, tx, principal, {
    hostId: job.hostId,
    hostName: ordered[0]?.name ?? job.hostId,
    trigger: 'retry',
    act,
    planId: job.planId,
    scheduleName: null,
    attempt: job.attempt + 1,
    retryOf: job.id,
    repository: job.repository,
  });
  if (act.what === 'restore' && mapping !== undefined)
    await grantRead(context, tx, principal, {
      jobId,
      repository: act.repository,
      readerId: job.hostId,
      mediaHostId: act.mediaHostId,
      mapping,
    });
  return jobId;
}

const mediaOf = (act: OrderAct): HostId[] =>
  act.what === 'restore' || act.what === 'browse' ? [act.mediaHostId] : [];
