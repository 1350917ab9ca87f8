import type { HostId, JobId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { requireCertificates } from '../jobs/check-certificates.ts';
import { createJob } from '../jobs/create-job.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { getRepository } from '../repositories/read-repositories.ts';
import { getPointRow } from './read-points.ts';

/** Where a recovery point lies: what each act on it names. */
export interface PointPlace {
  readonly repository: RepositoryName;
  readonly mediaHostId: HostId;
  readonly snapshotId: SnapshotId;
}

/**
 * Orders the host that made a recovery point to do something with it. P-16: both that host and the media server need a valid
 * certificate.
 * @throws AppError NOT_FOUND, POINT_REMOVED, JOB_HOST_NOT_ENROLLED, JOB_HOST_REVOKED, JOB_HOST_EXPIRED, JOBS_OPEN_TOO_MANY
 */
export async function orderOnPoint(
  context: FleetContext,
  actor: Actor,
  id: SnapshotId,
  actOn: (place: PointPlace) => OrderAct,
): Promise<JobId> {
  return context.store.transaction(async (tx) => {
    const point = await getPointRow(tx, id);
    const { mediaHostId } = await getRepository(tx, point.repository);
    const hosts = await requireCertificates(tx, [point.hostId, mediaHostId], context.clock.nowMs());
    return createJob(context, tx, actor, {
      hostId: point.hostId,
      hostName: hosts.find((host) => host.id === point.hostId)?.name ?? point.hostId,
      trigger: 'manual',
      act: actOn({ repository: point.repository, mediaHostId, snapshotId: point.id }),
      planId: point.planId,
      scheduleName: null,
      attempt: FIRST_ATTEMPT,
      retryOf: null,
      repository: point.repository,
    });
  });
}
