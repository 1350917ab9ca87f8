import type { JobId } from '@sekisho/core/ids.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { updateJob } from './jobs.store.ts';

/** P-12 Asks the host of a job to stop it, until it reports; one that has not begun is asked as soon as it has. */
export async function askCancel(tx: Tx, id: JobId, nowMs: number): Promise<void> {
  await updateJob(tx, id, { cancelAskedAtMs: nowMs });
  await recordChange(tx, 'job', id);
}
