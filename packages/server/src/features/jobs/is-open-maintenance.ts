import type { HostId, JobId, RepositoryName } from '@sekisho/core/ids.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectJob, selectNewestJobOf, selectOpenJobs, type StoredJob } from './jobs.store.ts';

/** Is this the open maintenance job of that repository, on that media server? */
export async function isOpenMaintenance(
  db: DbOrTx,
  claim: { jobId: JobId; hostId: HostId; repository: RepositoryName },
): Promise<boolean> {
  const job = await selectJob(db, claim.jobId);
  return (
    job !== undefined &&
    job.kind === 'maintain' &&
    job.hostId === claim.hostId &&
    job.repository === claim.repository &&
    !isEnded(job.state)
  );
}

/** The maintenance or sealing of a repository that waits or runs, or undefined. */
export async function openJobOf(
  db: DbOrTx,
  repository: RepositoryName,
  kind: 'maintain' | 'seal',
): Promise<StoredJob | undefined> {
  return (await selectOpenJobs(db, { repository, kind, limit: 1 }))[0];
}

/** The newest maintenance or sealing of a repository, or undefined. */
export const newestJobOf = (
  db: DbOrTx,
  repository: RepositoryName,
  kind: 'maintain' | 'seal',
): Promise<StoredJob | undefined> => selectNewestJobOf(db, repository, kind);
