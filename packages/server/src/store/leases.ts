import { AppError } from '@sekisho/core/errors.ts';
import type { Store } from './store.ts';
import type { Tx } from './tables.ts';

/** A duty that one worker has at a time. The epoch fences: whoever takes over has a higher one. */
export interface Lease {
  readonly name: string;
  readonly workerId: string;
  readonly epoch: number;
  /** By `store.databaseNowMs`. */
  readonly expiresAtMs: number;
}

/**
 * Takes a duty that is free, or prolongs one's own; undefined while another worker has it. A lease that ran out is taken
 * anew, with the next epoch, also by the worker that had it.
 */
export async function takeLease(
  store: Store,
  want: { name: string; workerId: string; leaseMs: number },
): Promise<Lease | undefined> {
  return await store.transaction(async (tx) => {
    const nowMs = await store.databaseNowMs(tx);
    const row = await findRow(tx, want.name);
    const running = row !== undefined && row.expires_at_ms > nowMs;
    if (running && row.worker_id !== want.workerId) return undefined;
    const epoch = running ? row.epoch : (row?.epoch ?? 0) + 1;
    const values = { worker_id: want.workerId, epoch, expires_at_ms: nowMs + want.leaseMs };
    await tx
      .insertInto('leases')
      .values({ name: want.name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .execute();
    return { name: want.name, workerId: want.workerId, epoch, expiresAtMs: values.expires_at_ms };
  });
}

/**
 * Stands in every transaction that a duty's holder makes: a process that was paused and lost its lease changes nothing.
 * Nobody can take the lease between this and the commit, since writers come one after the other.
 * @throws AppError LEASE_LOST
 */
export async function assertLease(store: Store, tx: Tx, lease: Lease): Promise<void> {
  const row = await findRow(tx, lease.name);
  const holds =
    row !== undefined &&
    row.worker_id === lease.workerId &&
    row.epoch === lease.epoch &&
    row.expires_at_ms > (await store.databaseNowMs(tx));
  if (!holds) throw new AppError('LEASE_LOST', { name: lease.name });
}

/**
 * The same, and the duty lasts `leaseMs` from now: one whose work is longer than its lease keeps it while it gets on.
 * @throws AppError LEASE_LOST
 */
export async function prolongLease(store: Store, tx: Tx, lease: Lease, leaseMs: number): Promise<void> {
  await assertLease(store, tx, lease);
  await tx
    .updateTable('leases')
    .set({ expires_at_ms: (await store.databaseNowMs(tx)) + leaseMs })
    .where('name', '=', lease.name)
    .execute();
}

/** Gives a duty back before its time; the epoch stays, so the next holder's is higher. */
export async function releaseLease(store: Store, lease: Lease): Promise<void> {
  await store.db
    .updateTable('leases')
    .set({ expires_at_ms: 0 })
    .where('name', '=', lease.name)
    .where('worker_id', '=', lease.workerId)
    .where('epoch', '=', lease.epoch)
    .execute();
}

const findRow = (tx: Tx, name: string) =>
  tx
    .selectFrom('leases')
    .select(['worker_id', 'epoch', 'expires_at_ms'])
    .where('name', '=', name)
    .executeTakeFirst();
