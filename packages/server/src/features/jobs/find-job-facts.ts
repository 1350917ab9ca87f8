import type { HostId, JobId, RepositoryName } from '@sekisho/core/ids.ts';
import { jobKind, jobState, type JobKind, type JobState } from '@sekisho/core/wire/jobs.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { storedHostId, storedJobId, storedRepositoryName } from '../fleet/stored-ids.ts';

/** What is told of a job that changed. */
export interface JobFact {
  readonly id: JobId;
  readonly kind: JobKind;
  readonly hostId: HostId;
  readonly state: JobState;
  readonly repository: RepositoryName | null;
}

/** Those of these jobs that are there, in no order. */
export async function findJobFacts(db: DbOrTx, ids: readonly JobId[]): Promise<JobFact[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'kind', 'host_id', 'state', 'repository'])
    .where('id', 'in', ids)
    .execute();
  return rows.map((row) => ({
    id: storedJobId(row.id),
    kind: jobKind.parse(row.kind),
    hostId: storedHostId(row.host_id),
    state: jobState.parse(row.state),
    repository: row.repository === null ? null : storedRepositoryName(row.repository),
  }));
}
