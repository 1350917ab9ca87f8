import type { ErrorCode, ErrorParams } from '@sekisho/core/errors.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { endGrantOf } from '../restores/end-grants.ts';
import { writeOutbox } from '../events/outbox.ts';
import { emptyReport, updateJob, type JobVerdict, type NewJob, type StoredJob } from './jobs.store.ts';

/**
 * Writes the end of a job, the outbox row that tells of it and the change, all in the transaction (P-12, A-13). A second
 * end corrects the first: the outbox says so.
 */
export async function endJob(tx: Tx, job: StoredJob, verdict: JobVerdict, nowMs: number): Promise<void> {
  const { report } = verdict;
  await updateJob(tx, job.id, {
    state: report.state,
    startedAtMs: report.startedAtMs,
    endedAtMs: report.endedAtMs,
    verdict,
    ...(report.repository !== null && job.repository === null && { repository: report.repository }),
  });
  if (job.kind === 'restore') await endGrantOf(tx, job.id);
  await announceEnd(tx, job, verdict, nowMs, job.endedAtMs !== null);
}

/** The outbox row and the change of a job that ended. */
export async function announceEnd(
  tx: Tx,
  job: Pick<
    NewJob,
    'id' | 'kind' | 'hostId' | 'planId' | 'trigger' | 'scheduleName' | 'scheduledAtMs' | 'attempt'
  >,
  { by, report }: JobVerdict,
  nowMs: number,
  corrected: boolean,
): Promise<void> {
  await writeOutbox(
    tx,
    {
      kind: 'job-ended',
      subject: job.id,
      body: {
        jobId: job.id,
        kind: job.kind,
        hostId: job.hostId,
        planId: job.planId,
        trigger: job.trigger,
        scheduleName: job.scheduleName,
        scheduledAtMs: job.scheduledAtMs,
        attempt: job.attempt,
        state: report.state,
        code: report.code,
        by,
        corrected,
      },
    },
    nowMs,
  );
  await recordChange(tx, 'job', job.id);
}

/** What the server judges of a job in the absence of a report. */
export function judged(
  job: Omit<NewJob, 'state' | 'verdict'>,
  state: JobReport['state'],
  nowMs: number,
  refusal?: { code: ErrorCode; params: ErrorParams },
): JobVerdict {
  const base = emptyReport(job);
  return {
    by: 'server',
    report: {
      ...base,
      state,
      startedAtMs: job.startedAtMs ?? job.scheduledAtMs ?? job.createdAtMs,
      endedAtMs: nowMs,
      code: refusal?.code ?? null,
      params: { ...refusal?.params },
    },
  };
}
