import type { HostId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { insertPoint } from './points.store.ts';

/** A recovery point that no media server announces (T-53); one that is known already stays as it is. */
export const keepPoint = (
  tx: Tx,
  point: { repository: RepositoryName; id: SnapshotId; hostId: HostId; receivedAtMs: number },
): Promise<boolean> => insertPoint(tx, point);
