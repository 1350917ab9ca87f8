import type { JobId, SnapshotId } from '@sekisho/core/ids.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { orderOnPoint } from './order-on-point.ts';

/**
 * P-14 Asks the host that made a recovery point to list one of its folders; the listing comes in the job's report.
 * @throws AppError as `orderOnPoint`
 */
export const browsePoint = (
  context: FleetContext,
  actor: Actor,
  input: { id: SnapshotId; path: string; limit: number },
): Promise<JobId> =>
  orderOnPoint(context, actor, input.id, (place) => ({
    what: 'browse',
    ...place,
    path: input.path,
    limit: input.limit,
  }));
