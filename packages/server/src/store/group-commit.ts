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
/** Batches with savepoints after one in which an act failed: whoever makes acts fail on purpose makes few batches run twice. */
export const GUARDED_BATCHES = 64;

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
 * back alone, and its caller alone hears of it. Few fail, so a batch runs without savepoints (SQLite copies every page that is touched
 * under one); if an act of it fails, nothing of the batch is kept, and it runs again with one around each act.
 */
export class GroupCommit {
  readonly #transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly #begin: Item[] = [];
  readonly #finish: Item[] = [];
  readonly #quiet: { batches: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #guarded = 0;

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
    const [first] = batch;
    if (first === undefined) return;
    if (batch.length === 1) return this.#alone(first);
    try {
      settle(batch, await this.#together(batch));
    } catch (error) {
      if (concernsAll(error)) for (const item of batch) item.reject(error);
      else for (const item of batch) await this.#alone(item);
    }
  }

  /** Rejects when the batch failed as a whole. */
  async #together(batch: readonly Item[]): Promise<Outcome[]> {
    if (this.#guarded > 0) this.#guarded -= 1;
    else {
      try {
        return await this.#transaction((tx) => workTogether(tx, batch, workBare));
      } catch (error) {
        if (!(error instanceof FailedAct)) throw error;
        this.#guarded = GUARDED_BATCHES;
      }
    }
    return this.#transaction((tx) => workTogether(tx, batch, workGuarded));
  }

  /** One act in a transaction of its own. When a batch failed as a whole, nobody knows whose fault it was: each gets this one try. */
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

type DoWork = (tx: Tx, work: Item['work']) => Promise<Outcome>;

async function workTogether(tx: Tx, batch: readonly Item[], doWork: DoWork): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { work } of batch) outcomes.push(await doWork(tx, work));
  return outcomes;
}

/** An act failed where nothing can be taken back but the whole batch. */
class FailedAct extends Error {}

async function workBare(tx: Tx, work: Item['work']): Promise<Outcome> {
  try {
    return { done: true, result: await work(tx) };
  } catch (error) {
    if (isPostgresConflict(error)) throw error; // the whole batch runs again
    throw new FailedAct('an act of the batch failed', { cause: error });
  }
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
