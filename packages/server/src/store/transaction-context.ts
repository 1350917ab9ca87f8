import type { Clock } from '@sekisho/core/time.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DbOrTx, Tx } from './tables.ts';

export type DialectName = 'sqlite' | 'postgres';

/** Runs SQL that is compiled already on the transaction's own connection, past the query builder. */
export interface DirectRunner {
  rows<Row>(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]>;
  /** The first row alone. */
  first<Row>(sql: string, parameters: readonly unknown[]): Promise<Row | undefined>;
  /** Gives each row to `take` before the next is read. */
  scan<Row>(sql: string, parameters: readonly unknown[], take: (row: Row) => void): Promise<void>;
  /** How many rows were changed. */
  run(sql: string, parameters: readonly unknown[]): Promise<number>;
}

/** What belongs to one transaction beside its connection. */
export interface TransactionContext {
  readonly dialect: DialectName;
  readonly clock: Clock;
  /** Undefined: the query builder's own way is taken (PostgreSQL, where the round trip is what costs). */
  readonly direct: DirectRunner | undefined;
  /** Under which audit rows are vouched for. */
  readonly auditKey: Uint8Array;
  /** Called after a commit with audit rows. */
  readonly auditWritten: () => void;
  /** True until commit or rollback. */
  active: boolean;
  /** The change feed was written: readers are woken by the commit. */
  changed: boolean;
  readonly afterCommit: (() => void)[];
  /** Rows that are written together before the commit (collect-rows.ts). */
  readonly collected: Map<object, unknown[]>;
}

const contexts = new WeakMap<DbOrTx, TransactionContext>();
const running = new AsyncLocalStorage<TransactionContext>();

/** Runs the work of a transaction so that its context can be found by its `tx`. */
export const withTransactionContext = <T>(
  tx: Tx,
  context: TransactionContext,
  work: () => Promise<T>,
): Promise<T> => {
  contexts.set(tx, context);
  const hook = commitHooks.getStore();
  return running.run(context, async () => {
    const result = await work();
    await hook?.(tx);
    return result;
  });
};

/** Writes in a transaction, right before it is committed. */
export type CommitHook = (tx: Tx) => Promise<void>;
const commitHooks = new AsyncLocalStorage<CommitHook>();

/**
 * Runs work each of whose transactions is committed together with what the hook writes, or not at all. What the work left
 * going (a task, a loop that it woke) is no part of it once it has returned.
 */
export const runWithCommitHook = async <T>(hook: CommitHook, work: () => Promise<T>): Promise<T> => {
  let isOver = false;
  const whileWorking: CommitHook = async (tx) => {
    if (!isOver) await hook(tx);
  };
  try {
    return await commitHooks.run(whileWorking, work);
  } finally {
    isOver = true;
  }
};

/** The context of a transaction that `store.transaction` began. */
export function transactionContext(tx: Tx): TransactionContext {
  const context = contexts.get(tx);
  if (context === undefined) throw new Error('not a transaction of store.transaction');
  return context;
}

/** The same; undefined outside a transaction. A transaction that has ended runs nothing more. */
export function findTransactionContext(db: DbOrTx): TransactionContext | undefined {
  const context = contexts.get(db);
  if (context?.active === false) throw new Error('the transaction has ended');
  return context;
}

/** Calls once the transaction is committed, and never when it is rolled back. For waking and cutting, not for writing. */
export function afterCommit(tx: Tx, call: () => void): void {
  transactionContext(tx).afterCommit.push(call);
}

/** What a part of a transaction has noted in the context until now; calling it takes back what came after. */
export function markContext(context: TransactionContext): () => void {
  const { changed } = context;
  const calls = context.afterCommit.length;
  const lengths = new Map([...context.collected].map(([key, rows]) => [key, rows.length]));
  return () => {
    context.changed = changed;
    context.afterCommit.length = calls;
    for (const [key, rows] of context.collected) rows.length = lengths.get(key) ?? 0;
  };
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
