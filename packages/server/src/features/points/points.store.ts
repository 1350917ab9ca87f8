import type { HostId, JobId, PlanId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import type { PointView } from '@sekisho/core/wire/points.ts';
import { nextValue } from '../../store/counters.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { hostsWithin } from '../groups/within-reach.ts';
import {
  storedHostId,
  storedJobId,
  storedPlanId,
  storedRepositoryName,
  storedSnapshotId,
} from '../fleet/stored-ids.ts';

/** A recovery point as it is stored. */
export interface StoredPoint {
  readonly repository: RepositoryName;
  readonly id: SnapshotId;
  readonly hostId: HostId;
  readonly receivedAtMs: number;
  readonly planId: PlanId | null;
  readonly jobId: JobId | null;
  readonly scheduleName: string | null;
  readonly removalAskedAtMs: number | null;
  readonly removedAtMs: number | null;
}

/** What a job's report adds to a recovery point. */
export interface PointOrigin {
  readonly planId: PlanId | null;
  readonly jobId: JobId;
  readonly scheduleName: string | null;
  readonly files: number;
  readonly bytes: number;
}

const COLUMNS = [
  'points.repository',
  'points.snapshot_id',
  'points.host_id',
  'points.received_at_ms',
  'points.plan_id',
  'points.job_id',
  'points.schedule_name',
  'points.files',
  'points.bytes',
  'points.removal_asked_at_ms',
  'points.removed_at_ms',
] as const;

/** A new recovery point; false when it was known. */
export async function insertPoint(
  tx: Tx,
  point: { repository: RepositoryName; id: SnapshotId; hostId: HostId; receivedAtMs: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('points')
    .values({
      repository: point.repository,
      snapshot_id: point.id,
      num: await nextValue(tx, 'points'),
      host_id: point.hostId,
      received_at_ms: point.receivedAtMs,
      plan_id: null,
      job_id: null,
      schedule_name: null,
      files: null,
      bytes: null,
      removal_asked_at_ms: null,
      removed_at_ms: null,
    })
    .onConflict((conflict) => conflict.columns(['repository', 'snapshot_id']).doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Says which job made a point of this host. A point that has a job keeps it: a host cannot relabel its older points. */
export async function setOrigin(tx: Tx, hostId: HostId, id: SnapshotId, origin: PointOrigin): Promise<void> {
  await tx
    .updateTable('points')
    .set({
      plan_id: origin.planId,
      job_id: origin.jobId,
      schedule_name: origin.scheduleName,
      files: origin.files,
      bytes: origin.bytes,
    })
    .where('host_id', '=', hostId)
    .where('snapshot_id', '=', id)
    .where('job_id', 'is', null)
    .execute();
}

/** The points of one repository that are there, oldest first. */
export async function selectPointsOf(db: DbOrTx, repository: RepositoryName): Promise<StoredPoint[]> {
  const rows = await db
    .selectFrom('points')
    .select(COLUMNS)
    .where('points.repository', '=', repository)
    .where('points.removed_at_ms', 'is', null)
    .orderBy('points.received_at_ms')
    .execute();
  return rows.map(pointOf);
}

/** How many points of a host are there and not asked to go, apart from these. */
export async function countOtherPoints(
  db: DbOrTx,
  hostId: HostId,
  ids: readonly SnapshotId[],
): Promise<number> {
  const row = await db
    .selectFrom('points')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('host_id', '=', hostId)
    .where('removed_at_ms', 'is', null)
    .where('removal_asked_at_ms', 'is', null)
    .where('snapshot_id', 'not in', ids)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** A point by its ID; of several with the same one the newest that is there. */
export async function selectPoint(db: DbOrTx, id: SnapshotId): Promise<StoredPoint | undefined> {
  const rows = await db
    .selectFrom('points')
    .select(COLUMNS)
    .where('points.snapshot_id', '=', id)
    .orderBy('points.num', 'desc')
    .execute();
  const points = rows.map(pointOf);
  return points.find((point) => point.removedAtMs === null) ?? points[0];
}

export async function markRemovalAsked(tx: Tx, point: StoredPoint, nowMs: number): Promise<void> {
  await tx
    .updateTable('points')
    .set({ removal_asked_at_ms: nowMs })
    .where('repository', '=', point.repository)
    .where('snapshot_id', '=', point.id)
    .where('removal_asked_at_ms', 'is', null)
    .execute();
}

export async function markRemoved(
  tx: Tx,
  repository: RepositoryName,
  ids: readonly SnapshotId[],
  nowMs: number,
): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .updateTable('points')
    .set({ removed_at_ms: nowMs })
    .where('repository', '=', repository)
    .where('snapshot_id', 'in', ids)
    .where('removed_at_ms', 'is', null)
    .execute();
}

/** What a list of points is asked for. */
export interface PointFilter {
  readonly id?: SnapshotId | undefined;
  readonly host?: HostId | undefined;
  readonly plan?: PlanId | undefined;
  /** Points of hosts within it alone; absent: all. */
  readonly reach?: Reach;
  readonly limit: number;
  /** Only points that come after this one, newest first. */
  readonly after?: { readonly receivedAtMs: number; readonly num: number } | undefined;
}

/** A point with its number: those of the same millisecond go by it. */
export interface NumberedPoint {
  readonly num: number;
  readonly view: PointView;
}

/** Points that are there, as administrators see them, newest first. */
export async function selectPointViews(db: DbOrTx, filter: PointFilter): Promise<NumberedPoint[]> {
  let query = db
    .selectFrom('points')
    .innerJoin('repositories', 'repositories.name', 'points.repository')
    .leftJoin('hosts', 'hosts.id', 'points.host_id')
    .leftJoin('plans', 'plans.id', 'points.plan_id')
    .select([
      ...COLUMNS,
      'points.num',
      'repositories.media_host_id',
      'hosts.name as host_name',
      'plans.name as plan_name',
      'plans.virtual_name',
    ])
    .where('points.removed_at_ms', 'is', null);
  if (filter.id !== undefined) query = query.where('points.snapshot_id', '=', filter.id);
  if (filter.host !== undefined) query = query.where('points.host_id', '=', filter.host);
  if (filter.plan !== undefined) query = query.where('points.plan_id', '=', filter.plan);
  if (filter.reach !== undefined && filter.reach !== 'domain')
    query = query.where('points.host_id', 'in', hostsWithin(db, filter.reach));
  const { after } = filter;
  if (after !== undefined)
    query = query.where((where) =>
      where.or([
        where('points.received_at_ms', '<', after.receivedAtMs),
        where.and([
          where('points.received_at_ms', '=', after.receivedAtMs),
          where('points.num', '<', after.num),
        ]),
      ]),
    );
  const rows = await query
    .orderBy('points.received_at_ms', 'desc')
    .orderBy('points.num', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map((row) => {
    const point = pointOf(row);
    const view = {
      id: point.id,
      repository: point.repository,
      hostId: point.hostId,
      hostName: row.host_name ?? point.hostId,
      mediaHostId: storedHostId(row.media_host_id),
      planId: point.planId,
      planName: row.plan_name,
      virtualName: row.virtual_name,
      jobId: point.jobId,
      scheduleName: point.scheduleName,
      receivedAtMs: point.receivedAtMs,
      files: row.files,
      bytes: row.bytes,
      removalAskedAtMs: point.removalAskedAtMs,
    };
    return { num: row.num, view };
  });
}

const pointOf = (row: {
  repository: string;
  snapshot_id: string;
  host_id: string;
  received_at_ms: number;
  plan_id: string | null;
  job_id: string | null;
  schedule_name: string | null;
  removal_asked_at_ms: number | null;
  removed_at_ms: number | null;
}): StoredPoint => ({
  repository: storedRepositoryName(row.repository),
  id: storedSnapshotId(row.snapshot_id),
  hostId: storedHostId(row.host_id),
  receivedAtMs: row.received_at_ms,
  planId: row.plan_id === null ? null : storedPlanId(row.plan_id),
  jobId: row.job_id === null ? null : storedJobId(row.job_id),
  scheduleName: row.schedule_name,
  removalAskedAtMs: row.removal_asked_at_ms,
  removedAtMs: row.removed_at_ms,
});
