import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { Tx } from '../../store/tables.ts';
import { findJobOfSnapshot } from '../jobs/find-job-of-snapshot.ts';
import { findRepository } from '../repositories/read-repositories.ts';
import { joinReport } from './join-point.ts';
import { insertPoint } from './points.store.ts';

type Snapshot = Extract<SpoolItem, { kind: 'snapshot' }>;

/**
 * P-02 A media server has received a snapshot whole: a recovery point, at its time of receipt (never later than now). Only
 * the media server of that repository is believed. The same announcement again changes nothing.
 * @throws AppError REPOSITORY_NOT_OF_PEER
 */
export async function takeSnapshot(
  tx: Tx,
  mediaHostId: HostId,
  item: Snapshot,
  nowMs: number,
): Promise<void> {
  const repository = await findRepository(tx, item.repository);
  if (repository === undefined || repository.mediaHostId !== mediaHostId)
    throw new AppError('REPOSITORY_NOT_OF_PEER', { repository: item.repository });
  const inserted = await insertPoint(tx, {
    repository: item.repository,
    id: item.snapshotId,
    hostId: repository.hostId,
    receivedAtMs: Math.min(item.receivedAtMs, nowMs),
  });
  if (!inserted) return;
  const found = await findJobOfSnapshot(tx, repository.hostId, item.snapshotId);
  if (found !== undefined) await joinReport(tx, found.job, found.report);
}
