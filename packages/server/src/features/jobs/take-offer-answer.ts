import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { decideJob } from '@sekisho/core/rules/jobs.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { endJob } from './end-job.ts';
import { factsOf } from './job-facts.ts';
import { emptyReport, selectJob, updateJob } from './jobs.store.ts';

type OfferAnswer = Extract<SpoolItem, { kind: 'offer' }>;

/**
 * P-12 The agent took an order, or refuses it. An answer that comes again changes nothing.
 * @throws AppError JOB_UNEXPLAINED, JOB_NOT_OF_HOST
 */
export async function takeOfferAnswer(
  tx: Tx,
  hostId: HostId,
  answer: OfferAnswer,
  nowMs: number,
): Promise<void> {
  const job = await selectJob(tx, answer.jobId);
  if (job === undefined) throw new AppError('JOB_UNEXPLAINED', { jobId: answer.jobId });
  if (job.hostId !== hostId) throw new AppError('JOB_NOT_OF_HOST', { jobId: answer.jobId });
  const decision = decideJob(factsOf(job), { what: answer.accepted ? 'accepted' : 'refused' });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  if (decision.change !== 'state') return;
  const startedAtMs = Math.min(answer.startedAtMs ?? nowMs, nowMs);
  if (answer.accepted) {
    await updateJob(tx, job.id, { state: 'active', startedAtMs, endedAtMs: null, verdict: null });
    await recordChange(tx, 'job', job.id);
    return;
  }
  const report = {
    ...emptyReport(job),
    state: 'failed' as const,
    startedAtMs,
    endedAtMs: nowMs,
    code: answer.code,
    params: answer.params,
  };
  await endJob(tx, job, { by: 'agent', report }, nowMs);
}
