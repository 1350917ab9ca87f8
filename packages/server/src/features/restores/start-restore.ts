import type { JobId, SnapshotId } from '@sekisho/core/ids.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { requireCertificates } from '../jobs/check-certificates.ts';
import { createJob } from '../jobs/create-job.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { getPointRow } from '../points/read-points.ts';
import { getRepository } from '../repositories/read-repositories.ts';

/** What to restore, and where to. */
export interface RestoreRequest {
  readonly point: SnapshotId;
  /** Empty: everything. */
  readonly paths: readonly string[];
  /** Null: the original places. */
  readonly targetFolder: string | null;
  readonly conflict: 'overwrite' | 'skip' | 'rename';
}

/**
 * P-14 Orders the host that made a recovery point to restore from it, to the original places or into another folder. P-16:
 * both that host and the media server need a valid certificate.
 * @throws AppError NOT_FOUND, POINT_REMOVED, JOB_HOST_NOT_ENROLLED, JOB_HOST_REVOKED, JOB_HOST_EXPIRED, JOBS_OPEN_TOO_MANY
 */
export async function startRestore(
  context: FleetContext,
  actor: Actor,
  request: RestoreRequest,
): Promise<JobId> {
  return context.store.transaction(async (tx) => {
    const point = await getPointRow(tx, request.point);
    const { mediaHostId } = await getRepository(tx, point.repository);
    const hosts = await requireCertificates(tx, [point.hostId, mediaHostId], context.clock.nowMs());
    return createJob(context, tx, actor, {
      hostId: point.hostId,
      hostName: hosts.find((host) => host.id === point.hostId)?.name ?? point.hostId,
      trigger: 'manual',
      act: {
        what: 'restore',
        repository: point.repository,
        mediaHostId,
        snapshotId: point.id,
        paths: [...request.paths],
        targetFolder: request.targetFolder,
        conflict: request.conflict,
      },
      planId: point.planId,
      scheduleName: null,
      attempt: FIRST_ATTEMPT,
      retryOf: null,
      repository: point.repository,
    });
  });
}
