import type { Clock } from '@sekisho/core/time.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Tx } from './tables.ts';

export type DialectName = 'sqlite' | 'postgres';

/** What belongs to one transaction beside its connection. */
export interface TransactionContext {
  readonly dialect: DialectName;
  readonly clock: Clock;
  /** True until commit or rollback. */
  active: boolean;
  /** The change feed was written: readers are woken by the commit. */
  changed: boolean;
  readonly afterCommit: (() => void)[];
}

const contexts = new WeakMap<Tx, TransactionContext>();
const running = new AsyncLocalStorage<TransactionContext>();

/** Runs the work of a transaction so that its context can be found by its `tx`. */
export const withTransactionContext = <T>(
  tx: Tx,
  context: TransactionContext,
  work: () => Promise<T>,
): Promise<T> => {
  contexts.set(tx, context);
  return running.run(context, work);
};

/** The context of a transaction that `store.transaction` began. */
export function transactionContext(tx: Tx): TransactionContext {
  const context = contexts.get(tx);
  if (context === undefined) throw new Error('not a transaction of store.transaction');
  return context;
}

/** Calls once the transaction is committed, and never when it is rolled back. For waking and cutting, not for writing. */
export function afterCommit(tx: Tx, call: () => void): void {
  transactionContext(tx).afterCommit.push(call);
}

/**
 * A programming error that would hang on SQLite (one connection) and read old rows on PostgreSQL: using `store.db` while
 * the same flow of control is inside a transaction.
 */
export function refuseOutsideInside(): void {
  if (running.getStore()?.active === true) {
    throw new Error('inside store.transaction: use its tx, not store.db');
  }
}
