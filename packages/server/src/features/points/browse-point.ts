import type { JobId, SnapshotId } from '@sekisho/core/ids.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { requireCertificates } from '../jobs/check-certificates.ts';
import { createJob } from '../jobs/create-job.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { getRepository } from '../repositories/read-repositories.ts';
import { getPointRow } from './read-points.ts';

/**
 * P-14 Asks the host that made a recovery point to list one of its folders; the listing comes in the job's report.
 * @throws AppError NOT_FOUND, POINT_REMOVED, JOB_HOST_…, JOBS_OPEN_TOO_MANY
 */
export async function browsePoint(
  context: FleetContext,
  actor: Actor,
  input: { id: SnapshotId; path: string; limit: number },
): Promise<JobId> {
  return context.store.transaction(async (tx) => {
    const point = await getPointRow(tx, input.id);
    const { mediaHostId } = await getRepository(tx, point.repository);
    const hosts = await requireCertificates(tx, [point.hostId, mediaHostId], context.clock.nowMs());
    return createJob(context, tx, actor, {
      hostId: point.hostId,
      hostName: hosts.find((host) => host.id === point.hostId)?.name ?? point.hostId,
      trigger: 'manual',
      act: {
        what: 'browse',
        repository: point.repository,
        mediaHostId,
        snapshotId: point.id,
        path: input.path,
        limit: input.limit,
      },
      planId: point.planId,
      scheduleName: null,
      attempt: FIRST_ATTEMPT,
      retryOf: null,
      repository: point.repository,
    });
  });
}
