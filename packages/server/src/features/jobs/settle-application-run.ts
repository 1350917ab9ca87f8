import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import type { Tx } from '../../store/tables.ts';
import { isOfApplication } from '../plans/read-plans.ts';
import { endJob, judged } from './end-job.ts';
import { selectJob, selectKnownRuns, type StoredJob } from './jobs.store.ts';

/**
 * T-34 A scheduled run of an application is one run of its virtual name, whichever node reports it. A node that ran turns what was missed of
 * that run into skipped; a node that missed it has skipped it when another ran, or missed it already. Returns the report as it counts.
 */
export async function settleApplicationRun(
  tx: Tx,
  job: StoredJob,
  report: JobReport,
  nowMs: number,
): Promise<JobReport> {
  const { planId, scheduleName, scheduledAtMs } = job;
  if (job.kind !== 'backup' || planId === null || scheduleName === null || scheduledAtMs === null)
    return report;
  if (report.state === 'skipped') return report;
  if (!(await isOfApplication(tx, planId))) return report;
  const runs = await selectKnownRuns(tx, planId, scheduledAtMs, scheduledAtMs);
  const others = runs.filter((run) => run.scheduleName === scheduleName && run.hostId !== job.hostId);
  if (report.state === 'missed')
    return others.some((run) => run.state !== 'skipped') ? { ...report, state: 'skipped' } : report;
  for (const other of others.filter((run) => run.state === 'missed')) {
    const missed = await selectJob(tx, other.jobId);
    if (missed !== undefined) await endJob(tx, missed, judged(missed, 'skipped', nowMs), nowMs);
  }
  return report;
}
