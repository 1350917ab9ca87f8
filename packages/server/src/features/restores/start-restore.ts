import type { HostId, JobId, SnapshotId } from '@sekisho/core/ids.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { orderOnPoint } from '../points/order-on-point.ts';

/** What to restore, and where to. */
export interface RestoreRequest {
  readonly point: SnapshotId;
  /** Empty: everything. */
  readonly paths: readonly string[];
  /** Null: the original places. */
  readonly targetFolder: string | null;
  readonly conflict: 'overwrite' | 'skip' | 'rename';
  /** T-34: another host of an application mapping; null: the host that made the point. */
  readonly host: HostId | null;
}

/**
 * P-14 Orders the host that made a recovery point, or another of its application, to restore from it, to the original places or into
 * another folder.
 * @throws AppError as `orderOnPoint`
 */
export const startRestore = (context: FleetContext, actor: Actor, request: RestoreRequest): Promise<JobId> =>
  orderOnPoint(
    context,
    actor,
    request.point,
    (place) => ({
      what: 'restore',
      ...place,
      paths: [...request.paths],
      targetFolder: request.targetFolder,
      conflict: request.conflict,
    }),
    request.host,
  );
