import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { Kysely, sql } from 'kysely';
import { join } from 'node:path';
import { parseDatabaseAddress, type DatabaseAddress } from './database-address.ts';
import { readMigrations, type Migration } from './migrations.ts';
import { LogMover } from './log-mover.ts';
import { listenPostgres } from './listen-postgres.ts';
import { openPostgres } from './open-postgres.ts';
import { openSqlite } from './open-sqlite.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { SqliteConnection, sqliteDialect } from './sqlite-dialect.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import { createStore, type Store } from './store.ts';
import type { DbOrTx, Tables } from './tables.ts';

/** Backups made before a schema upgrade, inside the data folder. */
export const BACKUPS_FOLDER = 'backups';

/**
 * Opens the database of a domain: migrates it (after a backup), refuses a newer schema, and on SQLite holds it for this
 * process alone.
 * @throws AppError DATABASE_* and MIGRATION_* of core/errors/store.ts, DISK_FULL
 */
export async function openStore(options: {
  /** `sqlite:/absolute/file` or `postgres://…` */
  database: string;
  dataFolder: string;
  clock: Clock;
  log: Log;
  /** Tests give their own. */
  migrations?: readonly Migration[];
  /** Hears of each transaction: how long it took, and whether it was committed. */
  onTransaction?: (milliseconds: number, committed: boolean) => void;
  /** False: no LISTEN on PostgreSQL, the feed only polls. */
  listen?: boolean;
}): Promise<Store> {
  const address = parseDatabaseAddress(options.database);
  const migrations = options.migrations ?? readMigrations(address.dialect);
  const backupsFolder = join(options.dataFolder, BACKUPS_FOLDER);
  const { clock, log, onTransaction } = options;
  const parts = { backupsFolder, migrations, clock, log, onTransaction };
  return address.dialect === 'sqlite'
    ? openSqliteStore({ ...parts, address })
    : openPostgresStore({ ...parts, address, listen: options.listen ?? true });
}

interface Parts {
  backupsFolder: string;
  migrations: readonly Migration[];
  clock: Clock;
  log: Log;
  onTransaction: ((milliseconds: number, committed: boolean) => void) | undefined;
}

async function openSqliteStore(
  parts: Parts & { address: DatabaseAddress & { dialect: 'sqlite' } },
): Promise<Store> {
  const { address, clock } = parts;
  const { database, unlock } = await openSqlite({ ...parts, path: address.path });
  const connection = new SqliteConnection(database, (error) => translateSqliteError(error, address.label));
  const logMover = new LogMover(address.path, parts.log);
  return createStore({
    dialect: 'sqlite',
    label: address.label,
    db: new Kysely<Tables>({ dialect: sqliteDialect(database, connection) }),
    direct: connection,
    relax: (on) => {
      // not through the connection: it keeps statements, and this one takes effect when it is prepared
      database.exec(`PRAGMA synchronous = ${on ? 'NORMAL' : 'FULL'}`);
    },
    moveLog: () => logMover.move(),
    clock,
    onTransaction: parts.onTransaction,
    databaseNowMs: () => Promise.resolve(clock.nowMs()),
    closed: async () => {
      await logMover.stop();
      if (database.isOpen) database.close(); // Kysely closes only what was used
      unlock();
    },
  });
}

async function openPostgresStore(
  parts: Parts & { address: DatabaseAddress & { dialect: 'postgres' }; listen: boolean },
): Promise<Store> {
  const { address, clock, log } = parts;
  const pool = await openPostgres(parts);
  let stopListening = (): Promise<void> => Promise.resolve();
  return createStore({
    dialect: 'postgres',
    label: address.label,
    db: new Kysely<Tables>({
      dialect: postgresDialect(pool, (error) => translatePostgresError(error, address.label)),
    }),
    clock,
    onTransaction: parts.onTransaction,
    databaseNowMs: postgresNowMs,
    listen: (wake) => {
      if (parts.listen) stopListening = listenPostgres(address, { wake, clock, log });
    },
    closed: async () => {
      await stopListening();
      if (!pool.ended) await pool.end(); // Kysely ends only what was used
    },
  });
}

/** Not `now()`, which is the time at which the transaction began to wait for its turn. */
async function postgresNowMs(db: DbOrTx): Promise<number> {
  const { rows } = await sql<{ now_ms: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error('the database told no time');
  return row.now_ms;
}
