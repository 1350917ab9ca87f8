import { AppError } from '@sekisho/core/errors.ts';
import { isPostgresConflict } from './postgres-errors.ts';
import { openSavepoint } from './savepoint.ts';
import type { Tx } from './tables.ts';
import { markContext, refuseOutsideInside, transactionContext } from './transaction-context.ts';

/** Acts that are committed together: what the event loop stands still for, and what one commit is shared by. */
export const BATCH_ITEMS_MAX = 64;
/** Acts that wait to begin; who comes then is told to come back. */
export const WAITING_ITEMS_MAX = 1_024;
/** What it is told. */
export const BUSY_RETRY_SECONDS = 2;
/** Batches that go first while somebody waits for a quiet moment. */
export const QUIET_BATCHES_MAX = 16;

/** `begin`: may be refused when too much waits. `finish`: the second half of what was begun; it goes first, and is never refused. */
export type Stage = 'begin' | 'finish';

interface Item {
  readonly work: (tx: Tx) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome =
  { readonly done: true; readonly result: unknown } | { readonly done: false; readonly error: unknown };

/**
 * Group commit: acts of many callers share a transaction, and so its fsync. There is no timer: a batch takes what waits when the one
 * before it has returned, so a lonely act goes at once and a crowd shares. Each act is still all or nothing: one that fails is taken
 * back alone, and its caller alone hears of it.
 */
export class GroupCommit {
  readonly #transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly #begin: Item[] = [];
  readonly #finish: Item[] = [];
  readonly #quiet: { batches: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>) {
    this.#transaction = transaction;
  }

  /** Resolves after the commit that holds the work. Refusals: SERVER_BUSY, SERVER_STOPPING, and what the work throws. */
  submit<T>(work: (tx: Tx) => Promise<T>, stage: Stage): Promise<T> {
    refuseOutsideInside();
    if (this.#closed) return Promise.reject(new AppError('SERVER_STOPPING'));
    if (stage === 'begin' && this.#begin.length >= WAITING_ITEMS_MAX)
      return Promise.reject(new AppError('SERVER_BUSY', { retrySeconds: BUSY_RETRY_SECONDS }));
    return new Promise<T>((resolve, reject) => {
      const item = { work, resolve: resolve as (result: unknown) => void, reject };
      (stage === 'begin' ? this.#begin : this.#finish).push(item);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits, or after 16 more batches: for work that follows the acts and is better done for many at once. */
  quiet(): Promise<void> {
    if (this.#running === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet.push({ batches: QUIET_BATCHES_MAX, resolve });
    });
  }

  /** What runs is committed, what waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const item of [...this.#finish.splice(0), ...this.#begin.splice(0)])
      item.reject(new AppError('SERVER_STOPPING'));
    await this.#running;
  }

  async #run(): Promise<void> {
    await nextTurn();
    while (this.#begin.length + this.#finish.length > 0) {
      const batch = this.#finish.splice(0, BATCH_ITEMS_MAX);
      batch.push(...this.#begin.splice(0, BATCH_ITEMS_MAX - batch.length));
      await this.#commit(batch);
      this.#letQuiet();
      await nextTurn();
    }
    this.#running = undefined;
    for (const { resolve } of this.#quiet.splice(0)) resolve();
  }

  #letQuiet(): void {
    for (const waiting of this.#quiet) waiting.batches -= 1;
    while (this.#quiet[0] !== undefined && this.#quiet[0].batches <= 0) this.#quiet.shift()?.resolve();
  }

  /** Never rejects: every item hears of its own. */
  async #commit(batch: readonly Item[]): Promise<void> {
    try {
      settle(batch, await this.#transaction((tx) => workTogether(tx, batch)));
    } catch (error) {
      if (batch.length === 1 || concernsAll(error)) for (const item of batch) item.reject(error);
      else for (const item of batch) await this.#alone(item);
    }
  }

  /** The batch failed as a whole, and nobody knows whose fault it was: each gets one try by itself. */
  async #alone(item: Item): Promise<void> {
    try {
      item.resolve(await this.#transaction(item.work));
    } catch (error) {
      item.reject(error);
    }
  }
}

/** Answers what was committed, and lets in what has arrived meanwhile. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function settle(batch: readonly Item[], outcomes: readonly Outcome[]): void {
  for (const [n, item] of batch.entries()) {
    const outcome = outcomes[n];
    if (outcome?.done === true) item.resolve(outcome.result);
    else item.reject(outcome?.error ?? new Error('an act of the batch has no outcome'));
  }
}

async function workTogether(tx: Tx, batch: readonly Item[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { work } of batch) outcomes.push(await workGuarded(tx, work));
  return outcomes;
}

/** One act of a batch; when it fails, the rest of the transaction is as if it had not been there. */
async function workGuarded(tx: Tx, work: Item['work']): Promise<Outcome> {
  const takeBack = markContext(transactionContext(tx));
  const savepoint = await openSavepoint(tx);
  try {
    const result = await work(tx);
    await savepoint.release();
    return { done: true, result };
  } catch (error) {
    if (isPostgresConflict(error)) throw error; // the whole batch runs again
    try {
      await savepoint.rollBack();
    } catch {
      throw error; // a full disk or a lost connection ended the whole transaction
    }
    takeBack();
    return { done: false, error };
  }
}

/** The database itself is in trouble: trying once more by oneself would meet the same. */
const concernsAll = (error: unknown): boolean =>
  error instanceof AppError && (error.code.startsWith('DATABASE_') || error.code === 'DISK_FULL');
