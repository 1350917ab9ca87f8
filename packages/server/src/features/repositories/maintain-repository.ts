import { AppError } from '@sekisho/core/errors.ts';
import type { JobId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import {
  decideRetention,
  type PlanRetention,
  type RetentionDecision,
} from '@sekisho/core/rules/retention.ts';
import type { Tx } from '../../store/tables.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { requireCertificates } from '../jobs/check-certificates.ts';
import { requireVerified } from '../jobs/check-verification.ts';
import { createJob } from '../jobs/create-job.ts';
import { openJobOf } from '../jobs/is-open-maintenance.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { listStoredPlans } from '../plans/read-plans.ts';
import { pointsOf } from '../points/read-points.ts';
import { getRepository, type StoredRepository } from './read-repositories.ts';

/** What maintenance would remove and keep, and the job that does it, if there is something to do. */
export interface Maintenance {
  readonly decision: RetentionDecision;
  readonly jobId: JobId | null;
}

/**
 * P-02, P-10 What retention and deletions ask to remove in one repository, now. With `preview` nothing is changed; else
 * the media server gets the signed order, when there is something to remove.
 * @throws AppError NOT_FOUND, MAINTENANCE_RUNNING, JOB_HOST_…
 */
export async function maintainRepository(
  context: FleetContext,
  actor: Actor,
  input: { repository: RepositoryName; preview: boolean },
): Promise<Maintenance> {
  return context.store.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository);
    const decision = await decideMaintenance(tx, repository.name, context.clock.nowMs());
    if (input.preview) return { decision, jobId: null };
    const open = await openJobOf(tx, repository.name, 'maintain');
    if (open !== undefined)
      throw new AppError('MAINTENANCE_RUNNING', { repository: repository.name, jobId: open.id });
    if (decision.remove.length === 0) return { decision, jobId: null };
    const jobId = await orderMaintenance(context, tx, actor, repository, decision.remove);
    return { decision, jobId };
  });
}

/** Which points of a repository go and which stay, by the plans as they are now. */
export async function decideMaintenance(
  tx: Tx,
  repository: RepositoryName,
  nowMs: number,
): Promise<RetentionDecision> {
  const plans = new Map<string, PlanRetention>();
  for (const { id, spec } of await listStoredPlans(tx))
    plans.set(id, { retention: spec.retention, timeZone: spec.schedules[0]?.timeZone ?? 'UTC' });
  const points = (await pointsOf(tx, repository)).map((point) => ({
    id: point.id,
    receivedAtMs: point.receivedAtMs,
    planId: point.planId,
    scheduleName: point.scheduleName,
    removalAsked: point.removalAskedAtMs !== null,
  }));
  return decideRetention(points, plans, nowMs);
}

/** The signed order to forget these recovery points and prune, for the repository's media server. */
export async function orderMaintenance(
  context: FleetContext,
  tx: Tx,
  actor: Actor,
  repository: StoredRepository,
  forget: readonly SnapshotId[],
): Promise<JobId> {
  const [media] = await requireCertificates(tx, [repository.mediaHostId], context.clock.nowMs());
  if (media?.isLegacy === true) throw new AppError('JOB_HOST_LEGACY', { host: media.name }); // T-53: no agent is there
  if (media !== undefined) await requireVerified(context, tx, [media]);
  return createJob(context, tx, actor, {
    hostId: repository.mediaHostId,
    hostName: media?.name ?? repository.mediaHostId,
    trigger: actor.name === 'system' ? 'system' : 'manual',
    act: { what: 'maintain', repository: repository.name, forget: [...forget], prune: true },
    planId: null,
    scheduleName: null,
    attempt: FIRST_ATTEMPT,
    retryOf: null,
    repository: repository.name,
  });
}
