import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, JobId, PlanId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import { findApplication } from '../applications/application-rows.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { requireCertificates } from '../jobs/check-certificates.ts';
import { requireVerified } from '../jobs/check-verification.ts';
import { createJob } from '../jobs/create-job.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { findStoredPlan } from '../plans/read-plans.ts';
import { getRepository } from '../repositories/read-repositories.ts';
import { grantRead, requireMapped } from '../restores/grant-read.ts';
import { getPointRow } from './read-points.ts';

/** Where a recovery point lies: what each act on it names. */
export interface PointPlace {
  readonly repository: RepositoryName;
  readonly mediaHostId: HostId;
  readonly snapshotId: SnapshotId;
}

/**
 * Orders a host to do something with a recovery point: the one that made it, or (`onHost`) another that an application mapping has with it,
 * which may then read its repository for that one job (T-34). P-16: both that host and the media server need a valid certificate. Of a point
 * of an application a restore needs the mapping to be there.
 * @throws AppError NOT_FOUND, POINT_REMOVED, JOB_HOST_NOT_ENROLLED, JOB_HOST_REVOKED, JOB_HOST_EXPIRED, JOB_HOST_UNVERIFIED, JOBS_OPEN_TOO_MANY,
 * APPLICATION_MAPPING_MISSING, RESTORE_HOST_NOT_MAPPED, RESTORE_GRANTS_TOO_MANY
 */
export async function orderOnPoint(
  context: FleetContext,
  actor: Actor,
  id: SnapshotId,
  actOn: (place: PointPlace) => OrderAct,
  onHost: HostId | null = null,
): Promise<JobId> {
  return context.store.transaction(async (tx) => {
    const point = await getPointRow(tx, id);
    const { repository } = point;
    const { mediaHostId } = await getRepository(tx, repository);
    const hostId = onHost ?? point.hostId;
    const act = actOn({ repository, mediaHostId, snapshotId: point.id });
    if (act.what === 'restore') await requireApplication(tx, point.planId);
    const mapping = await requireMapped(tx, hostId, point.hostId);
    const hosts = await requireCertificates(tx, [hostId, mediaHostId], context.clock.nowMs());
    const ordered = hosts.filter((host) => host.id === hostId);
    await requireVerified(context, tx, ordered);
    const jobId = await createJob(context, tx, actor, {
      hostId,
      hostName: ordered[0]?.name ?? hostId,
      trigger: 'manual',
      act,
      planId: point.planId,
      scheduleName: null,
      attempt: FIRST_ATTEMPT,
      retryOf: null,
      repository,
    });
    if (mapping !== undefined)
      await grantRead(context, tx, actor, { jobId, repository, readerId: hostId, mediaHostId, mapping });
    return jobId;
  });
}

/** T-34 An application is restored by its mapping, and its absence is named. @throws AppError APPLICATION_MAPPING_MISSING */
async function requireApplication(tx: Tx, planId: PlanId | null): Promise<void> {
  const plan = planId === null ? undefined : await findStoredPlan(tx, planId);
  const application = plan?.spec.application;
  if (application == null) return;
  const { virtualName: name, kind } = application;
  if ((await findApplication(tx, name)) === undefined)
    throw new AppError('APPLICATION_MAPPING_MISSING', { name, kind });
}
