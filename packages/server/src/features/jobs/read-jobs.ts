import type { HostId, JobId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectJob, selectOpenJobs, type StoredJob } from './jobs.store.ts';

/** A job, or undefined. */
export const findJob = (db: DbOrTx, id: JobId): Promise<StoredJob | undefined> => selectJob(db, id);

/** Backups of a host that are queued or active, oldest first. */
export const openBackupsOf = (db: DbOrTx, hostId: HostId, limit: number): Promise<StoredJob[]> =>
  selectOpenJobs(db, { hostId, kind: 'backup', limit });
