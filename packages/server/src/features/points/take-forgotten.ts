import type { RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { markRemoved } from './points.store.ts';

/** The media server has forgotten these recovery points: those of them that it was ordered to are gone. */
export async function takeForgotten(
  tx: Tx,
  order: { repository: RepositoryName; forget: readonly SnapshotId[] },
  forgotten: readonly SnapshotId[],
  nowMs: number,
): Promise<void> {
  const ordered = new Set(order.forget);
  await markRemoved(
    tx,
    order.repository,
    forgotten.filter((id) => ordered.has(id)),
    nowMs,
  );
}
