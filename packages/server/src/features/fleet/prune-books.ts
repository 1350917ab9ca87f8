import type { Fence } from '../../loops/loop.ts';
import { pruneOutbox } from '../events/outbox.ts';
import { removeExpiredGrants } from '../restores/grant-rows.ts';
import { pruneJobs } from '../jobs/prune-jobs.ts';
import type { FleetContext } from './fleet-context.ts';

/** Invariant 8: jobs with their orders, and the outbox, stay within their limits. */
export async function pruneBooks(context: FleetContext, fence: Fence): Promise<void> {
  const jobs = await pruneJobs(context, fence);
  let entries = 0;
  for (let pruned = -1; pruned !== 0; entries += pruned) {
    pruned = await context.store.transaction(async (tx) => {
      await fence(tx);
      return pruneOutbox(tx, context.clock.nowMs());
    });
  }
  await context.store.transaction(async (tx) => {
    await fence(tx);
    await removeExpiredGrants(tx, context.clock.nowMs());
  });
  if (jobs + entries > 0) context.log.info({ jobs, entries }, 'old jobs and entries of the outbox removed');
}
