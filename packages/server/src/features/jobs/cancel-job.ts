import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { decideJob } from '@sekisho/core/rules/jobs.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { endJob, judged } from './end-job.ts';
import { factsOf } from './job-facts.ts';
import { selectJob, updateJob } from './jobs.store.ts';

/**
 * P-12 Stops a job: one that waits is cancelled at once, one that runs is asked to stop until it reports.
 * @throws AppError NOT_FOUND, JOB_ENDED
 */
export async function cancelJob(context: FleetContext, actor: Actor, id: JobId): Promise<void> {
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const job = await selectJob(tx, id);
    if (job === undefined) throw new AppError('NOT_FOUND', { what: 'job', id });
    const decision = decideJob(factsOf(job), { what: 'cancel' });
    if (!decision.allow) throw new AppError(decision.code, decision.params);
    // Kept for a queued job too: its agent may have taken the order a moment ago, and is then asked to stop.
    await updateJob(tx, id, { cancelAskedAtMs: nowMs });
    if (decision.change === 'state') await endJob(tx, job, judged(job, 'cancelled', nowMs), nowMs);
    else await recordChange(tx, 'job', id);
    await recordAudit(
      tx,
      {
        act: 'cancel-job',
        actor: actor.name,
        origin: actor.origin,
        subject: id,
        outcome: 'done',
        detail: { hostId: job.hostId, kind: job.kind, was: job.state },
      },
      nowMs,
    );
  });
}
