import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import type { HostId, JobId, PlanId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { setOrigin } from './points.store.ts';

/** The job a recovery point came from. */
export interface OriginJob {
  readonly id: JobId;
  readonly hostId: HostId;
  readonly planId: PlanId | null;
  readonly scheduleName: string | null;
}

/**
 * P-02 Joins a backup's report with the point that its media server announced, if that came first; else the announcement
 * finds the report. Only points of the reporting host, and only such that have no job yet.
 */
export async function joinReport(tx: Tx, job: OriginJob, report: JobReport): Promise<void> {
  if (report.snapshotId === null) return;
  await setOrigin(tx, job.hostId, report.snapshotId, {
    planId: job.planId,
    jobId: job.id,
    scheduleName: job.scheduleName,
    files: report.filesDone,
    bytes: report.bytesDone,
  });
}
