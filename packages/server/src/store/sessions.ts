import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { nextValue } from './counters.ts';
import { prepared } from './prepared.ts';
import { recordChange } from './record-change.ts';
import type { Store } from './store.ts';
import type { DbOrTx, Tx } from './tables.ts';
import { isLive } from './workers.ts';

export const SESSIONS_PER_PAGE_MAX = 5_000;

/** An agent's channel: which worker has it, and since when. A later claim of the same host has a higher epoch. */
export interface Session {
  readonly hostId: HostId;
  readonly workerId: string;
  readonly epoch: number;
  /** Drawn by the agent when it starts: two at a time are two agents with one identity. */
  readonly bootId: string;
  readonly sinceMs: number;
}

/**
 * Gives the host's session to a worker, whoever had it before; the one replaced is returned. When another worker had it,
 * that worker learns it from the change feed (`session`). Whether the newcomer may have it is decided before.
 */
export async function claimSession(
  tx: Tx,
  claim: { hostId: HostId; workerId: string; bootId: string; nowMs: number },
): Promise<{ epoch: number; replaced: Session | undefined }> {
  const replaced = await findRow(tx, claim.hostId);
  const epoch = await nextValue(tx, 'session-epoch');
  const { hostId, workerId, bootId, nowMs } = claim;
  await putSession.run(tx, { hostId, workerId, epoch, bootId, nowMs });
  if (replaced !== undefined && replaced.workerId !== claim.workerId) {
    await recordChange(tx, 'session', claim.hostId);
  }
  return { epoch, replaced };
}

/** The host's session and whether its worker lives; undefined when there is none. */
export async function findSession(
  store: Store,
  hostId: HostId,
  db: DbOrTx = store.db,
): Promise<(Session & { live: boolean }) | undefined> {
  const session = await findRow(db, hostId);
  if (session === undefined) return undefined;
  const worker = await db
    .selectFrom('workers')
    .select('alive_at_ms')
    .where('id', '=', session.workerId)
    .executeTakeFirst();
  const live = worker !== undefined && isLive(worker.alive_at_ms, await store.databaseNowMs(db));
  return { ...session, live };
}

/** Ends a session; false when it was replaced already (another epoch), which stays. */
export async function releaseSession(
  tx: Tx,
  session: Pick<Session, 'hostId' | 'workerId' | 'epoch'>,
): Promise<boolean> {
  const { hostId, workerId, epoch } = session;
  return (await deleteSession.run(tx, { hostId, workerId, epoch })) > 0;
}

/** Ends all sessions of a worker (it lost the feed, or stops); returns how many. */
export async function releaseWorker(tx: Tx, workerId: string): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('worker_id', '=', workerId)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Sessions by host ID, a page at a time. */
export async function listSessions(
  db: DbOrTx,
  page: { after?: HostId | undefined; workerId?: string | undefined } = {},
): Promise<Session[]> {
  let query = db
    .selectFrom('sessions')
    .select(['host_id', 'worker_id', 'epoch', 'boot_id', 'since_ms'])
    .orderBy('host_id')
    .limit(SESSIONS_PER_PAGE_MAX);
  if (page.after !== undefined) query = query.where('host_id', '>', page.after);
  if (page.workerId !== undefined) query = query.where('worker_id', '=', page.workerId);
  return (await query.execute()).map(fromRow);
}

async function findRow(db: DbOrTx, hostId: HostId): Promise<Session | undefined> {
  const row = await selectSession.first(db, { hostId });
  return row === undefined ? undefined : fromRow(row);
}

const selectSession = prepared((db, wish: { hostId: HostId }) =>
  db
    .selectFrom('sessions')
    .select(['host_id', 'worker_id', 'epoch', 'boot_id', 'since_ms'])
    .where('host_id', '=', wish.hostId),
);

const putSession = prepared(
  (db, row: { hostId: HostId; workerId: string; epoch: number; bootId: string; nowMs: number }) =>
    db
      .insertInto('sessions')
      .values({
        host_id: row.hostId,
        worker_id: row.workerId,
        epoch: row.epoch,
        boot_id: row.bootId,
        since_ms: row.nowMs,
      })
      .onConflict((conflict) =>
        conflict.column('host_id').doUpdateSet((own) => ({
          worker_id: own.ref('excluded.worker_id'),
          epoch: own.ref('excluded.epoch'),
          boot_id: own.ref('excluded.boot_id'),
          since_ms: own.ref('excluded.since_ms'),
        })),
      ),
);

const deleteSession = prepared((db, wish: { hostId: HostId; workerId: string; epoch: number }) =>
  db
    .deleteFrom('sessions')
    .where('host_id', '=', wish.hostId)
    .where('worker_id', '=', wish.workerId)
    .where('epoch', '=', wish.epoch),
);

function fromRow(row: {
  host_id: string;
  worker_id: string;
  epoch: number;
  boot_id: string;
  since_ms: number;
}): Session {
  const hostId = parseHostId(row.host_id);
  if (hostId === undefined) throw new Error('a session row holds no host ID');
  return {
    hostId,
    workerId: row.worker_id,
    epoch: row.epoch,
    bootId: row.boot_id,
    sinceMs: row.since_ms,
  };
}
