import type { HostId, SnapshotId } from '@sekisho/core/ids.ts';
import { POINT_STATES } from '@sekisho/core/rules/jobs.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectJobOfSnapshot, type StoredJob } from './jobs.store.ts';

/** The backup of this host whose report names the recovery point, or undefined while none has come. */
export async function findJobOfSnapshot(
  db: DbOrTx,
  hostId: HostId,
  snapshotId: SnapshotId,
): Promise<{ job: StoredJob; report: JobReport } | undefined> {
  const job = await selectJobOfSnapshot(db, hostId, snapshotId);
  if (job?.verdict == null || !POINT_STATES.has(job.state)) return undefined;
  return { job, report: job.verdict.report };
}
