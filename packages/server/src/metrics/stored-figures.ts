import { DAY_MS } from '@sekisho/core/time.ts';
import { sql } from 'kysely';
import { stat } from 'node:fs/promises';
import type { Store } from '../store/store.ts';

/** Figures that only the database knows. */
export interface StoredFigures {
  /** Newest certificates of hosts that are not revoked, by days left. */
  readonly certificates: Readonly<Record<(typeof DAYS_LEFT)[number], number>>;
  readonly jobs: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, number>;
  readonly outboxRows: number;
  readonly auditRows: number;
  readonly auditTreeSize: number;
  readonly leases: readonly string[];
  readonly databaseBytes: number;
}

export const DAYS_LEFT = ['expired', '7', '30', '90', 'more'] as const;

/** Asks the database: a handful of short queries, none inside a transaction. */
export async function readStoredFigures(
  store: Store,
  at: { nowMs: number; workerId: string; databasePath: string | undefined },
): Promise<StoredFigures> {
  const { db } = store;
  return {
    certificates: await certificatesByDaysLeft(store, at.nowMs),
    jobs: await countByState(store, 'jobs'),
    tasks: await countByState(store, 'tasks'),
    outboxRows: await countRows(store, 'outbox'),
    // a row is never removed, so the newest number counts them
    auditRows: Number(
      (await db.selectFrom('audit').select(db.fn.max('seq').as('last')).executeTakeFirst())?.last ?? 0,
    ),
    auditTreeSize: Number(
      (await db.selectFrom('audit_checkpoints').select(db.fn.max('size').as('last')).executeTakeFirst())
        ?.last ?? 0,
    ),
    leases: (
      await db
        .selectFrom('leases')
        .select('name')
        .where('worker_id', '=', at.workerId)
        .where('expires_at_ms', '>', await store.databaseNowMs())
        .execute()
    ).map(({ name }) => name),
    databaseBytes: await databaseBytes(store, at.databasePath),
  };
}

/** Size of the database; on SQLite with its journal. */
export async function databaseBytes(store: Store, path: string | undefined): Promise<number> {
  if (path === undefined) {
    const size = sql<{ bytes: number }>`select pg_database_size(current_database())::bigint as bytes`;
    return (await size.execute(store.db)).rows[0]?.bytes ?? 0;
  }
  const sizes = [path, `${path}-wal`].map((file) =>
    stat(file).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function countByState(store: Store, table: 'jobs' | 'tasks'): Promise<ReadonlyMap<string, number>> {
  const rows = await store.db
    .selectFrom(table)
    .select(['state', (expression) => expression.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  return new Map(rows.map(({ state, count }) => [state, Number(count)]));
}

async function countRows(store: Store, table: 'outbox'): Promise<number> {
  const row = await store.db
    .selectFrom(table)
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

async function certificatesByDaysLeft(store: Store, nowMs: number): Promise<StoredFigures['certificates']> {
  const bounds = [0, 7, 30, 90].map((days) => nowMs + days * DAY_MS);
  const [expired = 0, week = 0, month = 0, quarter = 0] = bounds;
  const { rows } = await sql<{ bucket: string; count: number }>`
    select bucket, count(*) as count from (
      select case when max(not_after_ms) < ${expired} then 'expired'
                  when max(not_after_ms) < ${week} then '7'
                  when max(not_after_ms) < ${month} then '30'
                  when max(not_after_ms) < ${quarter} then '90'
                  else 'more' end as bucket
      from certificates where revoked_at_ms is null group by host_id) as newest
    group by bucket`.execute(store.db);
  const found = new Map(rows.map(({ bucket, count }) => [bucket, Number(count)]));
  const of = (bucket: string): number => found.get(bucket) ?? 0;
  return { expired: of('expired'), 7: of('7'), 30: of('30'), 90: of('90'), more: of('more') };
}
