import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Compilable } from 'kysely';
import { writeCollected } from './collect-rows.ts';
import { GroupCommit, type Stage } from './group-commit.ts';
import { isPostgresConflict, isPostgresUniqueViolation } from './postgres-errors.ts';
import { isSqliteUniqueViolation } from './sqlite-errors.ts';
import type { Db, DbOrTx, Tx } from './tables.ts';
import {
  withTransactionContext,
  type DialectName,
  type DirectRunner,
  type TransactionContext,
} from './transaction-context.ts';

/** The data of a domain. */
export interface Store {
  readonly dialect: DialectName;
  /** Where it is, without secrets. */
  readonly label: string;
  /** Reads and single statements. Inside a transaction use its `tx`: this throws there. */
  readonly db: Db;
  /** Gives the key under which audit rows are vouched for; a store that nobody gave one uses an empty one (tests, tools). */
  setAuditKey(key: Secret<Uint8Array>): void;
  /** Calls after each commit of this process that wrote audit rows. Returns how to stop. */
  onAudit(call: () => void): () => void;
  /**
   * All or nothing. Writers come one after the other, over all processes of the domain, so what the work read is still
   * true when it writes. The work may run again after a conflict: it changes nothing but the database.
   * @throws AppError DATABASE_BUSY when conflicts don't end; DATABASE_UNREACHABLE, DISK_FULL
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The same for what may be lost when the machine loses its power (when a host was last seen): on SQLite the commit does not wait
   * for the disk. The next commit of `transaction` takes it there too.
   */
  relaxed<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Gives every row of a query to `take`, one after the other, without holding them all: for what a start reads of every host. Nothing
   * else runs meanwhile. Undefined where rows come over a network: read pages there.
   */
  readonly scan: (<Row>(query: Compilable<Row>, take: (row: Row) => void) => Promise<void>) | undefined;
  /** Moves what was committed from SQLite's write-ahead log into the database, on another thread; elsewhere nothing. */
  moveLog(): Promise<void>;
  /**
   * The same for acts of which many may come at once (certificate requests): they share transactions, and so the wait for the disk.
   * Resolves after the commit. `finish` is the second half of what was begun: it goes first and is never refused.
   * @throws AppError SERVER_BUSY when too much waits, SERVER_STOPPING, and what `transaction` throws
   */
  submit<T>(work: (tx: Tx) => Promise<T>, stage?: Stage): Promise<T>;
  /** Resolves when no act of `submit` waits, or after a bounded number of batches: for what is better done for many acts at once. */
  quiet(): Promise<void>;
  /** The time that all processes of this database share: PostgreSQL's own; the injected clock on SQLite. */
  databaseNowMs(db?: DbOrTx): Promise<number>;
  /**
   * Calls when the change feed may have grown: after a commit of this process on SQLite, of any process on PostgreSQL
   * (a wake can get lost there; the feed polls too). Returns how to stop.
   */
  onChange(call: () => void): () => void;
  close(): Promise<void>;
}

const TRANSACTION_TRIES_MAX = 8;
const RETRY_DELAY_MS = 5;

/** The store over an open database; `openStore` calls it. */
export function createStore(parts: {
  dialect: DialectName;
  label: string;
  db: Db;
  clock: Clock;
  databaseNowMs: (db: DbOrTx) => Promise<number>;
  /** Runs prepared queries inside transactions; without it they take the query builder's way. */
  direct?: DirectRunner;
  /** Says whether commits wait for the disk; called while nobody else has the connection. */
  relax?: (on: boolean) => void;
  moveLog?: () => Promise<void>;
  /** Brings wakes of other processes; without it this process wakes itself. */
  listen?: (wake: () => void) => void;
  /** Hears of each transaction: how long it took, and whether it was committed. */
  onTransaction?: ((milliseconds: number, committed: boolean) => void) | undefined;
  closed: () => Promise<void>;
}): Store {
  const listeners = new Set<() => void>();
  const wake = (): void => {
    for (const call of listeners) call();
  };
  const auditListeners = new Set<() => void>();
  const wakeAudit = (): void => {
    for (const call of auditListeners) call();
  };
  let auditKey = new Secret<Uint8Array>(new Uint8Array());
  let listening = false;
  let closing: Promise<void> | undefined;
  const retried = async <T>(
    work: (tx: Tx) => Promise<T>,
    once: (context: TransactionContext, work: (tx: Tx) => Promise<T>) => Promise<T> = (context) =>
      runOnce(parts.db, context, work),
  ): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      const context: TransactionContext = {
        dialect: parts.dialect,
        clock: parts.clock,
        auditKey: auditKey.reveal(),
        auditWritten: wakeAudit,
        direct: parts.direct,
        active: true,
        changed: false,
        afterCommit: [],
        collected: new Map(),
      };
      try {
        const result = await once(context, work);
        if (context.changed && parts.listen === undefined) wake();
        for (const call of context.afterCommit) call();
        return result;
      } catch (error) {
        if (!isPostgresConflict(error)) throw error;
        if (tries >= TRANSACTION_TRIES_MAX) {
          throw new AppError('DATABASE_BUSY', { database: parts.label }, { cause: error });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * tries));
    }
  };
  const { onTransaction, relax, direct } = parts;
  const relaxed: Store['relaxed'] = (work) => {
    if (relax === undefined) return transaction(work);
    return retried(work, (context, again) =>
      parts.db.connection().execute(async (own) => {
        relax(true);
        try {
          return await runOnce(own, context, again);
        } finally {
          relax(false);
        }
      }),
    );
  };
  const transaction: Store['transaction'] =
    onTransaction === undefined
      ? (work) => retried(work)
      : async (work) => {
          const startMs = parts.clock.monotonicMs();
          let committed = false;
          try {
            const result = await retried(work);
            committed = true;
            return result;
          } finally {
            onTransaction(parts.clock.monotonicMs() - startMs, committed);
          }
        };
  const group = new GroupCommit(transaction);
  return {
    dialect: parts.dialect,
    label: parts.label,
    db: parts.db,
    setAuditKey(key) {
      auditKey = key;
    },
    onAudit(call) {
      auditListeners.add(call);
      return () => {
        auditListeners.delete(call);
      };
    },
    databaseNowMs: (db = parts.db) => parts.databaseNowMs(db),
    transaction,
    relaxed,
    scan:
      direct === undefined
        ? undefined
        : (query, take) =>
            parts.db.connection().execute(() => {
              const { sql, parameters } = query.compile();
              return direct.scan(sql, parameters, take);
            }),
    moveLog: () => parts.moveLog?.() ?? Promise.resolve(),
    submit: (work, stage = 'begin') => group.submit(work, stage),
    quiet: () => group.quiet(),
    onChange(call) {
      listeners.add(call);
      if (!listening) parts.listen?.(wake);
      listening = true;
      return () => {
        listeners.delete(call);
      };
    },
    close() {
      closing ??= group
        .close()
        .then(() => parts.db.destroy())
        .then(parts.closed);
      return closing;
    },
  };
}

async function runOnce<T>(db: Db, context: TransactionContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().execute((tx) =>
      withTransactionContext(tx, context, async () => {
        const result = await work(tx);
        await writeCollected(tx);
        return result;
      }),
    );
  } finally {
    context.active = false;
  }
}

/** True when a row with that key exists already; both dialects. */
export const isUniqueViolation = (error: unknown): boolean =>
  isSqliteUniqueViolation(error) || isPostgresUniqueViolation(error);
