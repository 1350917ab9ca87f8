import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import type { Tx } from '../../store/tables.ts';
import { dropDocuments } from '../documents/drop-documents.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { deleteJobs, pageJobs, selectBackupsBeyond } from './jobs.store.ts';

/** Ended jobs are kept so long: more than a year can be compared. Recovery points keep what retention needs of theirs. */
export const JOBS_KEPT_MS = 400 * DAY_MS;
/** Ended backups of one host; the oldest go. So a host that invents runs pushes out its own books alone. */
export const BACKUPS_KEPT_PER_HOST_MAX = 10_000;
const JOBS_PER_TRANSACTION = 500;

/** Removes ended jobs that are too old, with their orders; those that are still open stay. Returns how many went. */
export async function pruneJobs(context: FleetContext, fence: (tx: Tx) => Promise<void>): Promise<number> {
  const keptSinceMs = context.clock.nowMs() - JOBS_KEPT_MS;
  let pruned = 0;
  for (let after = 0; ;) {
    const page = await pageJobs(context.store.db, after, JOBS_PER_TRANSACTION);
    const old = page.filter((job) => job.createdAtMs < keptSinceMs);
    const ids = old.filter((job) => isEnded(job.state)).map((job) => job.id);
    if (ids.length > 0) {
      await context.store.transaction(async (tx) => {
        await fence(tx);
        await dropJobs(tx, ids);
      });
      pruned += ids.length;
    }
    const last = page.at(-1);
    if (last === undefined || old.length < JOBS_PER_TRANSACTION) return pruned;
    after = last.num;
  }
}

/** A host has one more job: its oldest backups beyond the limit go. */
export async function dropOldestBackups(
  tx: Tx,
  hostId: HostId,
  keep = BACKUPS_KEPT_PER_HOST_MAX,
): Promise<void> {
  await dropJobs(tx, await selectBackupsBeyond(tx, hostId, keep, JOBS_PER_TRANSACTION));
}

async function dropJobs(tx: Tx, ids: readonly JobId[]): Promise<void> {
  await deleteJobs(tx, ids);
  await dropDocuments(tx, 'order', ids);
}
