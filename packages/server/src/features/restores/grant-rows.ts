import type { HostId, JobId, RepositoryName } from '@sekisho/core/ids.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedHostId, storedJobId, storedRepositoryName } from '../fleet/stored-ids.ts';

/** P-14 One job of one host may read one repository of another, until a moment. */
export interface ReadGrant {
  readonly jobId: JobId;
  readonly repository: RepositoryName;
  readonly readerId: HostId;
  readonly mediaHostId: HostId;
  readonly expiresAtMs: number;
}

const COLUMNS = ['job_id', 'repository', 'reader_id', 'media_host_id', 'expires_at_ms'] as const;

export async function insertGrant(tx: Tx, grant: ReadGrant, nowMs: number): Promise<void> {
  await tx
    .insertInto('restore_grants')
    .values({
      job_id: grant.jobId,
      repository: grant.repository,
      reader_id: grant.readerId,
      media_host_id: grant.mediaHostId,
      granted_at_ms: nowMs,
      expires_at_ms: grant.expiresAtMs,
    })
    .execute();
}

/** The grant of a job, if it has not run out. */
export async function selectGrant(db: DbOrTx, jobId: JobId, nowMs: number): Promise<ReadGrant | undefined> {
  const row = await db
    .selectFrom('restore_grants')
    .select(COLUMNS)
    .where('job_id', '=', jobId)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  return row === undefined ? undefined : grantOf(row);
}

/** Grants that have not run out: those of one media server, or all. */
export async function selectGrants(
  db: DbOrTx,
  mediaHostId: HostId | null,
  nowMs: number,
): Promise<ReadGrant[]> {
  let query = db.selectFrom('restore_grants').select(COLUMNS).where('expires_at_ms', '>', nowMs);
  if (mediaHostId !== null) query = query.where('media_host_id', '=', mediaHostId);
  return (await query.orderBy('job_id').execute()).map(grantOf);
}

/** May another host read this repository at present? */
export async function isRead(db: DbOrTx, repository: RepositoryName, nowMs: number): Promise<boolean> {
  const row = await db
    .selectFrom('restore_grants')
    .select('job_id')
    .where('repository', '=', repository)
    .where('expires_at_ms', '>', nowMs)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes the grant of a job; the media server that it was for, if there was one. */
export async function removeGrant(tx: Tx, jobId: JobId): Promise<HostId | undefined> {
  const row = await tx
    .deleteFrom('restore_grants')
    .where('job_id', '=', jobId)
    .returning('media_host_id')
    .executeTakeFirst();
  return row === undefined ? undefined : storedHostId(row.media_host_id);
}

/** Forgets grants that ran out: nothing reads them any more. */
export async function removeExpiredGrants(tx: Tx, nowMs: number): Promise<void> {
  await tx.deleteFrom('restore_grants').where('expires_at_ms', '<=', nowMs).execute();
}

const grantOf = (row: {
  job_id: string;
  repository: string;
  reader_id: string;
  media_host_id: string;
  expires_at_ms: number;
}): ReadGrant => ({
  jobId: storedJobId(row.job_id),
  repository: storedRepositoryName(row.repository),
  readerId: storedHostId(row.reader_id),
  mediaHostId: storedHostId(row.media_host_id),
  expiresAtMs: row.expires_at_ms,
});
