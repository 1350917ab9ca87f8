import type { HostId, JobId, PlanId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import { orderAct, type OrderAct } from '@sekisho/core/wire/documents.ts';
import { ENDED_STATES } from '@sekisho/core/rules/jobs.ts';
import {
  jobKind,
  jobReport,
  jobState,
  jobView,
  nothingDone,
  type JobKind,
  type JobReport,
  type JobState,
  type JobView,
} from '@sekisho/core/wire/jobs.ts';
import { z } from 'zod';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import { nextValue } from '../../store/counters.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { hostOfJob, hostsWithin } from '../groups/within-reach.ts';
import { storedHostId, storedJobId, storedPlanId, storedRepositoryName } from '../fleet/stored-ids.ts';

export type JobTrigger = JobView['trigger'];

/** The last word on a job: what its agent reported, or what the server judged in its absence. */
const verdict = z.object({ by: z.enum(['agent', 'server']), report: jobReport });
export type JobVerdict = z.infer<typeof verdict>;

/** A job as it is stored. */
export interface StoredJob {
  readonly id: JobId;
  readonly num: number;
  readonly kind: JobKind;
  /** The host that carries it out: the media server for maintenance and sealing. */
  readonly hostId: HostId;
  readonly planId: PlanId | null;
  readonly trigger: JobTrigger;
  readonly scheduleName: string | null;
  readonly scheduledAtMs: number | null;
  readonly attempt: number;
  readonly retryOf: JobId | null;
  readonly state: JobState;
  /** Null for a scheduled run: the agent needs no order for it. */
  readonly act: OrderAct | null;
  readonly orderExpiresAtMs: number | null;
  readonly cancelAskedAtMs: number | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly repository: RepositoryName | null;
  readonly verdict: JobVerdict | null;
}
export type NewJob = Omit<StoredJob, 'num'>;

const COLUMNS = [
  'jobs.id',
  'jobs.num',
  'jobs.kind',
  'jobs.host_id',
  'jobs.plan_id',
  'jobs.launched_by',
  'jobs.schedule_name',
  'jobs.scheduled_at_ms',
  'jobs.attempt',
  'jobs.retry_of',
  'jobs.state',
  'jobs.act',
  'jobs.order_expires_at_ms',
  'jobs.cancel_asked_at_ms',
  'jobs.created_at_ms',
  'jobs.created_by',
  'jobs.started_at_ms',
  'jobs.ended_at_ms',
  'jobs.repository',
  'jobs.report',
] as const;
interface JobRow {
  id: string;
  num: number;
  kind: string;
  host_id: string;
  plan_id: string | null;
  launched_by: string;
  schedule_name: string | null;
  scheduled_at_ms: number | null;
  attempt: number;
  retry_of: string | null;
  state: string;
  act: string | null;
  order_expires_at_ms: number | null;
  cancel_asked_at_ms: number | null;
  created_at_ms: number;
  created_by: string;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  repository: string | null;
  report: string | null;
}

/** A new job; returns false when a job of that ID is there already. */
export async function insertJob(tx: Tx, job: NewJob): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('jobs')
    .values({
      id: job.id,
      num: await nextValue(tx, 'jobs'),
      kind: job.kind,
      host_id: job.hostId,
      plan_id: job.planId,
      launched_by: job.trigger,
      schedule_name: job.scheduleName,
      scheduled_at_ms: job.scheduledAtMs,
      attempt: job.attempt,
      retry_of: job.retryOf,
      state: job.state,
      act: job.act === null ? null : JSON.stringify(job.act),
      order_expires_at_ms: job.orderExpiresAtMs,
      cancel_asked_at_ms: job.cancelAskedAtMs,
      created_at_ms: job.createdAtMs,
      created_by: job.createdBy,
      started_at_ms: job.startedAtMs,
      ended_at_ms: job.endedAtMs,
      repository: job.repository,
      snapshot_id: job.verdict?.report.snapshotId ?? null,
      report: job.verdict === null ? null : JSON.stringify(job.verdict),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows ?? 0) > 0;
}

/** What can change of a job. */
export interface JobChange {
  readonly state?: JobState;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number | null;
  readonly cancelAskedAtMs?: number;
  readonly repository?: RepositoryName;
  readonly verdict?: JobVerdict | null;
}

export async function updateJob(tx: Tx, id: JobId, change: JobChange): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({
      ...(change.state !== undefined && { state: change.state }),
      ...(change.startedAtMs !== undefined && { started_at_ms: change.startedAtMs }),
      ...(change.endedAtMs !== undefined && { ended_at_ms: change.endedAtMs }),
      ...(change.cancelAskedAtMs !== undefined && { cancel_asked_at_ms: change.cancelAskedAtMs }),
      ...(change.repository !== undefined && { repository: change.repository }),
      ...(change.verdict !== undefined && {
        report: change.verdict === null ? null : JSON.stringify(change.verdict),
        snapshot_id: change.verdict?.report.snapshotId ?? null,
      }),
    })
    .where('id', '=', id)
    .execute();
}

/** A job, or undefined. */
export async function selectJob(db: DbOrTx, id: JobId): Promise<StoredJob | undefined> {
  const row = await db.selectFrom('jobs').select(COLUMNS).where('jobs.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : jobOf(row);
}

/** Jobs of a host that are queued or active, oldest first. */
export async function selectOpenJobs(
  db: DbOrTx,
  filter: { hostId?: HostId; repository?: RepositoryName; kind?: JobKind; limit?: number },
): Promise<StoredJob[]> {
  let query = db.selectFrom('jobs').select(COLUMNS).where('jobs.state', 'in', ['queued', 'active']);
  if (filter.hostId !== undefined) query = query.where('jobs.host_id', '=', filter.hostId);
  if (filter.repository !== undefined) query = query.where('jobs.repository', '=', filter.repository);
  if (filter.kind !== undefined) query = query.where('jobs.kind', '=', filter.kind);
  const rows = await query
    .orderBy('jobs.num')
    .limit(filter.limit ?? 100_000)
    .execute();
  return rows.map(jobOf);
}

/** The finished backup of this host that made this recovery point, or undefined. */
export async function selectJobOfSnapshot(
  db: DbOrTx,
  hostId: HostId,
  snapshotId: SnapshotId,
): Promise<StoredJob | undefined> {
  const row = await db
    .selectFrom('jobs')
    .select(COLUMNS)
    .where('jobs.snapshot_id', '=', snapshotId)
    .where('jobs.host_id', '=', hostId)
    .where('jobs.kind', '=', 'backup')
    .orderBy('jobs.num')
    .executeTakeFirst();
  return row === undefined ? undefined : jobOf(row);
}

/** A scheduled run of a plan that has a job. */
export interface KnownRun {
  readonly hostId: HostId;
  readonly scheduleName: string;
  readonly scheduledAtMs: number;
  readonly jobId: JobId;
  readonly state: JobState;
}

/** The first attempts and retries of scheduled runs of a plan in [fromMs, toMs] that have a job. */
export async function selectKnownRuns(
  db: DbOrTx,
  planId: PlanId,
  fromMs: number,
  toMs: number,
): Promise<KnownRun[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'host_id', 'schedule_name', 'scheduled_at_ms', 'state'])
    .where('plan_id', '=', planId)
    .where('scheduled_at_ms', '>=', fromMs)
    .where('scheduled_at_ms', '<=', toMs)
    .execute();
  return rows.map((row) => ({
    hostId: storedHostId(row.host_id),
    scheduleName: row.schedule_name ?? '',
    scheduledAtMs: row.scheduled_at_ms ?? 0,
    jobId: storedJobId(row.id),
    state: jobState.parse(row.state),
  }));
}

/** The newest job of a kind in a repository, or undefined. */
export async function selectNewestJobOf(
  db: DbOrTx,
  repository: RepositoryName,
  kind: JobKind,
): Promise<StoredJob | undefined> {
  const row = await db
    .selectFrom('jobs')
    .select(COLUMNS)
    .where('jobs.repository', '=', repository)
    .where('jobs.kind', '=', kind)
    .orderBy('jobs.num', 'desc')
    .executeTakeFirst();
  return row === undefined ? undefined : jobOf(row);
}

/** Ended backups of a host beyond the newest ones, at most `limit`. */
export async function selectBackupsBeyond(
  db: DbOrTx,
  hostId: HostId,
  newest: number,
  limit: number,
): Promise<JobId[]> {
  const rows = await db
    .selectFrom('jobs')
    .select('id')
    .where('host_id', '=', hostId)
    .where('kind', '=', 'backup')
    .where('state', 'in', [...ENDED_STATES])
    .orderBy('num', 'desc')
    .offset(newest)
    .limit(limit)
    .execute();
  return rows.map((row) => storedJobId(row.id));
}

/** A page of jobs in the order of their making, without what they say. */
export async function pageJobs(
  db: DbOrTx,
  afterNum: number,
  limit: number,
): Promise<{ id: JobId; num: number; state: JobState; createdAtMs: number }[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'num', 'state', 'created_at_ms'])
    .where('num', '>', afterNum)
    .orderBy('num')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: storedJobId(row.id),
    num: row.num,
    state: jobState.parse(row.state),
    createdAtMs: row.created_at_ms,
  }));
}

export async function deleteJobs(tx: Tx, ids: readonly JobId[]): Promise<void> {
  if (ids.length > 0) await tx.deleteFrom('jobs').where('id', 'in', ids).execute();
}

/** What a list of jobs is asked for. */
export interface JobFilter {
  readonly id?: JobId | undefined;
  readonly state?: JobState | undefined;
  readonly kind?: JobKind | undefined;
  readonly host?: HostId | undefined;
  readonly plan?: PlanId | undefined;
  /** Jobs of hosts within it alone; absent: all. */
  readonly reach?: Reach;
  readonly limit: number;
  /** Only jobs that were made before the one of this number. */
  readonly beforeNum?: number | undefined;
}

/** A job with the number that orders all jobs: no two have the same. */
export interface NumberedJob {
  readonly num: number;
  readonly view: JobView;
}

/** Jobs as administrators see them, newest first; progress is added by who has it. */
export async function selectJobViews(db: DbOrTx, filter: JobFilter): Promise<NumberedJob[]> {
  let query = db
    .selectFrom('jobs')
    .leftJoin('hosts', 'hosts.id', 'jobs.host_id')
    .leftJoin('plans', 'plans.id', 'jobs.plan_id')
    .select([...COLUMNS, 'hosts.name as host_name', 'plans.name as plan_name', 'plans.virtual_name']);
  if (filter.id !== undefined) query = query.where('jobs.id', '=', filter.id);
  if (filter.state !== undefined) query = query.where('jobs.state', '=', filter.state);
  if (filter.kind !== undefined) query = query.where('jobs.kind', '=', filter.kind);
  if (filter.host !== undefined) query = query.where('jobs.host_id', '=', filter.host);
  if (filter.plan !== undefined) query = query.where('jobs.plan_id', '=', filter.plan);
  if (filter.reach !== undefined && filter.reach !== 'domain')
    query = query.where(hostOfJob, 'in', hostsWithin(db, filter.reach));
  if (filter.beforeNum !== undefined) query = query.where('jobs.num', '<', filter.beforeNum);
  const rows = await query.orderBy('jobs.num', 'desc').limit(filter.limit).execute();
  return rows.map((row) => ({ num: row.num, view: viewOf(jobOf(row), row) }));
}

function viewOf(
  job: StoredJob,
  of: { host_name: string | null; plan_name: string | null; virtual_name: string | null },
): JobView {
  return {
    id: job.id,
    kind: job.kind,
    hostId: job.hostId,
    hostName: of.host_name ?? job.hostId,
    planId: job.planId,
    planName: of.plan_name,
    virtualName: of.virtual_name,
    trigger: job.trigger,
    scheduleName: job.scheduleName,
    scheduledAtMs: job.scheduledAtMs,
    attempt: job.attempt,
    state: job.state,
    createdAtMs: job.createdAtMs,
    startedAtMs: job.startedAtMs,
    endedAtMs: job.endedAtMs,
    progress: null,
    report: job.verdict?.report ?? null,
  };
}

function jobOf(row: JobRow): StoredJob {
  return {
    id: storedJobId(row.id),
    num: row.num,
    kind: jobKind.parse(row.kind),
    hostId: storedHostId(row.host_id),
    planId: row.plan_id === null ? null : storedPlanId(row.plan_id),
    trigger: jobView.shape.trigger.parse(row.launched_by),
    scheduleName: row.schedule_name,
    scheduledAtMs: row.scheduled_at_ms,
    attempt: row.attempt,
    retryOf: row.retry_of === null ? null : storedJobId(row.retry_of),
    state: jobState.parse(row.state),
    act: row.act === null ? null : orderAct.parse(JSON.parse(row.act)),
    orderExpiresAtMs: row.order_expires_at_ms,
    cancelAskedAtMs: row.cancel_asked_at_ms,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    repository: row.repository === null ? null : storedRepositoryName(row.repository),
    verdict: row.report === null ? null : verdict.parse(JSON.parse(row.report)),
  };
}

/** What a report says of a job that nothing but the server can speak of. */
export const emptyReport = (
  job: Pick<NewJob, 'id' | 'kind' | 'trigger' | 'planId' | 'scheduleName' | 'scheduledAtMs' | 'attempt'>,
): Omit<JobReport, 'state' | 'startedAtMs' | 'endedAtMs'> => ({
  jobId: job.id,
  kind: job.kind,
  trigger: job.trigger,
  planId: job.planId,
  planRevision: null,
  scheduleName: job.scheduleName,
  scheduledAtMs: job.scheduledAtMs,
  attempt: job.attempt,
  repository: null,
  mediaHostId: null,
  ...nothingDone(),
});
