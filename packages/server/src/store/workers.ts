import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Store } from './store.ts';
import type { DbOrTx, Tx } from './tables.ts';

export const WORKER_BEAT_MS = 2 * SECOND_MS;
/** A worker that has not said anything for so long is dead: its sessions and leases are free. */
export const WORKER_DEAD_MS = 15 * SECOND_MS;
/** Without the change feed for so long, a process shows no certificate: others are about to take it for dead, and to wait for it no more. */
export const WORKER_BLIND_MS_MAX = WORKER_DEAD_MS - 2 * WORKER_BEAT_MS;
export const WORKERS_MAX = 1_000;

/** One server process. Times are those of `store.databaseNowMs`. */
export interface Worker {
  readonly id: string;
  /** Of its configuration: the same after a restart. */
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly aliveAtMs: number;
  /** How far it has taken the change feed: a rotation waits for every live worker to pass its row. */
  readonly feedSeq: number;
  readonly live: boolean;
}

/** Enters a worker that starts. On SQLite it is the only one: what others left is removed. */
export async function registerWorker(store: Store, workerId: string, instanceId: string): Promise<void> {
  await store.transaction(async (tx) => {
    if (store.dialect === 'sqlite') {
      for (const worker of await listWorkers(store, tx)) await removeWorker(tx, worker.id);
    }
    const nowMs = await store.databaseNowMs(tx);
    await tx
      .insertInto('workers')
      .values({
        id: workerId,
        instance_id: instanceId,
        started_at_ms: nowMs,
        alive_at_ms: nowMs,
        feed_seq: 0,
      })
      .execute();
  });
}

/** Says that the worker lives. False: others took it for dead and removed it; its sessions are gone. */
export async function beatWorker(store: Store, workerId: string, feedSeq: number): Promise<boolean> {
  const nowMs = await store.databaseNowMs();
  const { numUpdatedRows } = await store.db
    .updateTable('workers')
    .set({ alive_at_ms: nowMs, feed_seq: feedSeq })
    .where('id', '=', workerId)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** All workers, the dead ones too, until somebody removes them. */
export async function listWorkers(store: Store, db: DbOrTx = store.db): Promise<Worker[]> {
  const nowMs = await store.databaseNowMs(db);
  const rows = await db
    .selectFrom('workers')
    .select(['id', 'instance_id', 'started_at_ms', 'alive_at_ms', 'feed_seq'])
    .orderBy('started_at_ms')
    .limit(WORKERS_MAX)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    instanceId: row.instance_id,
    startedAtMs: row.started_at_ms,
    aliveAtMs: row.alive_at_ms,
    feedSeq: row.feed_seq,
    live: isLive(row.alive_at_ms, nowMs),
  }));
}

/** True while a worker that spoke at that time counts as alive. */
export const isLive = (aliveAtMs: number, nowMs: number): boolean => nowMs - aliveAtMs < WORKER_DEAD_MS;

/** Takes a worker out, with its sessions and leases: when it stops, or when it is dead. */
export async function removeWorker(tx: Tx, workerId: string): Promise<void> {
  await tx.deleteFrom('sessions').where('worker_id', '=', workerId).execute();
  await tx.updateTable('leases').set({ expires_at_ms: 0 }).where('worker_id', '=', workerId).execute();
  await tx.deleteFrom('workers').where('id', '=', workerId).execute();
}

/** Removes the workers that are dead; returns their IDs. */
export async function removeDeadWorkers(store: Store): Promise<string[]> {
  const dead = (await listWorkers(store)).filter(({ live }) => !live);
  if (dead.length === 0) return [];
  return await store.transaction(async (tx) => {
    const removed: string[] = [];
    for (const { id, live } of await listWorkers(store, tx)) {
      if (live) continue; // it spoke in the meantime
      await removeWorker(tx, id);
      removed.push(id);
    }
    return removed;
  });
}
