import { AppError } from '@sekisho/core/errors.ts';
import {
  repositoryOwner,
  type HostId,
  type JobId,
  type RepositoryName,
  type SnapshotId,
} from '@sekisho/core/ids.ts';
import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import { sql } from 'kysely';
import type { DbOrTx } from '../../store/tables.ts';
import { storedGroupId } from '../fleet/stored-ids.ts';

/**
 * The hosts whose group is within a reach, as a sub-query: `where('points.host_id', 'in', hostsWithin(db, reach))`. Nobody
 * asks with the reach `domain`: it filters nothing.
 */
export const hostsWithin = (db: DbOrTx, reach: Exclude<Reach, 'domain'>) =>
  db
    .selectFrom('hosts')
    .select('hosts.id')
    .where('hosts.group_id', 'in', reach.size === 0 ? [NO_GROUP] : [...reach]);

/** No group has this ID: an empty list is not SQL. */
const NO_GROUP = '';

/** The host that decides who may see a job: the owner of its repository (of maintenance, too), else its own host. */
export const hostOfJob = sql<string>`substr(coalesce(jobs.repository, jobs.host_id), 1, 36)`;

/** Is this host there, and within the reach? */
export async function hostIsWithin(db: DbOrTx, reach: Reach, id: HostId): Promise<boolean> {
  const row = await db.selectFrom('hosts').select('group_id').where('id', '=', id).executeTakeFirst();
  return row !== undefined && reaches(reach, storedGroupId(row.group_id));
}

/** Is this job there, and does it belong to a host within the reach? */
export async function jobIsWithin(db: DbOrTx, reach: Reach, id: JobId): Promise<boolean> {
  let query = db.selectFrom('jobs').select('jobs.id').where('jobs.id', '=', id);
  if (reach !== 'domain') query = query.where(hostOfJob, 'in', hostsWithin(db, reach));
  return (await query.executeTakeFirst()) !== undefined;
}

/** @throws AppError NOT_FOUND for a host that is not there, and for one outside the reach: nobody can tell which */
export async function requireHost(db: DbOrTx, reach: Reach, id: HostId): Promise<void> {
  if (reach === 'domain') return; // whoever acts on it says by itself that it is not there
  if (!(await hostIsWithin(db, reach, id))) throw new AppError('NOT_FOUND', { what: 'host', id });
}

/** @throws AppError NOT_FOUND, as `requireHost` */
export async function requireJob(db: DbOrTx, reach: Reach, id: JobId): Promise<void> {
  if (reach === 'domain') return;
  if (!(await jobIsWithin(db, reach, id))) throw new AppError('NOT_FOUND', { what: 'job', id });
}

/** By the host that owns it. @throws AppError NOT_FOUND, as `requireHost` */
export async function requireRepository(db: DbOrTx, reach: Reach, name: RepositoryName): Promise<void> {
  if (reach === 'domain') return;
  if (!(await hostIsWithin(db, reach, repositoryOwner(name))))
    throw new AppError('NOT_FOUND', { what: 'repository', id: name });
}

/**
 * A snapshot of the same bytes may lie in two repositories: then both must be within.
 * @throws AppError NOT_FOUND, as `requireHost`
 */
export async function requirePoints(db: DbOrTx, reach: Reach, ids: readonly SnapshotId[]): Promise<void> {
  if (reach === 'domain') return;
  const rows = await db
    .selectFrom('points')
    .innerJoin('hosts', 'hosts.id', 'points.host_id')
    .select(['points.snapshot_id', 'hosts.group_id'])
    .where('points.snapshot_id', 'in', ids)
    .execute();
  const within = (id: SnapshotId): boolean => {
    const found = rows.filter((row) => row.snapshot_id === id);
    return found.length > 0 && found.every((row) => reaches(reach, storedGroupId(row.group_id)));
  };
  for (const id of ids) if (!within(id)) throw new AppError('NOT_FOUND', { what: 'point', id });
}
