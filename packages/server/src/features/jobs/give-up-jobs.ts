import type { JobId } from '@sekisho/core/ids.ts';
import { decideJob, type JobEvent } from '@sekisho/core/rules/jobs.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { endJob, judged } from './end-job.ts';
import { factsOf } from './job-facts.ts';
import { selectJob } from './jobs.store.ts';

/**
 * P-12 Ends a job in the absence of its agent: an order that ran out unanswered, or a job that its host, being back, does not
 * know any more. The rule decides on the row as it is now; a later report corrects it. True when the job ended here.
 */
export async function giveUpJob(
  context: FleetContext,
  id: JobId,
  event: Extract<JobEvent, { what: 'expired' | 'lost' }>,
  fence: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  return context.store.transaction(async (tx) => {
    await fence(tx);
    const nowMs = context.clock.nowMs();
    const job = await selectJob(tx, id);
    if (job === undefined) return false;
    if (event.what === 'expired' && (job.orderExpiresAtMs === null || nowMs < job.orderExpiresAtMs))
      return false;
    const decision = decideJob(factsOf(job), event);
    if (!decision.allow || decision.change !== 'state') return false;
    const code = event.what === 'expired' ? 'JOB_ORDER_UNANSWERED' : 'JOB_INTERRUPTED';
    await endJob(tx, job, judged(job, 'failed', nowMs, { code, params: {} }), nowMs);
    return true;
  });
}
