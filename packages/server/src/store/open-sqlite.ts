import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { makePrivateFolder, syncFolder } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { closeSync, openSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backupName, migrate, MIGRATIONS_TABLE_SQL, type MigrationTarget } from './migrate.ts';
import type { Migration } from './migrations.ts';
import { isSqliteBusy, sqliteCode, translateSqliteError } from './sqlite-errors.ts';

/** How long a statement waits for another process that reads the file (a backup tool, `sqlite3`). */
const BUSY_TIMEOUT_MS = 5_000;

/** Pages kept in memory: the leaves of the indexes that random keys go into. */
const CACHE_KIB = 64 * 1024;
/** Pages in the write-ahead log (of 4 KiB) before they are moved to the database: the same page is written often in a busy time. */
const CHECKPOINT_PAGES = 4_000;

export interface SqliteHandle {
  readonly database: DatabaseSync;
  /** Gives the process lock back; call after the database is closed. */
  unlock(): void;
}

/**
 * Opens the file for this process alone, migrated. The lock is an exclusive transaction on a file of its own beside the
 * database: it ends with the process, however that ends.
 * @throws AppError DATABASE_IN_USE, DATABASE_CORRUPT, DATABASE_UNWRITABLE, DISK_FULL and the runner's
 */
export async function openSqlite(options: {
  path: string;
  backupsFolder: string;
  migrations: readonly Migration[];
  clock: Clock;
  log: Log;
}): Promise<SqliteHandle> {
  const { path } = options;
  let lock: DatabaseSync | undefined;
  let database: DatabaseSync | undefined;
  try {
    createPrivately(path);
    lock = lockProcess(path);
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    // FULL: a commit is on the disk before it is acknowledged (invariant 7)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // what is deleted, or replaced, is overwritten in its page: destroyed keys leave nothing that could be unsealed
    database.exec('PRAGMA secure_delete = FAST');
    await migrate(sqliteTarget(database, options), options.migrations, {
      nowMs: options.clock.nowMs(),
      backupsFolder: options.backupsFolder,
      log: options.log,
    });
    await syncFolder(dirname(path));
  } catch (error) {
    database?.close();
    lock?.close();
    throw translateSqliteError(error, path);
  }
  return { database, unlock: () => lock.close() };
}

function lockProcess(path: string): DatabaseSync {
  const lockPath = `${path}.lock`;
  createPrivately(lockPath);
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (isSqliteBusy(error)) throw new AppError('DATABASE_IN_USE', { database: path }, { cause: error });
    throw error;
  }
  return lock;
}

/**
 * Creates a missing file for the owner alone. An existing one is not even opened: closing any descriptor of a file drops
 * every POSIX lock this process holds on it.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code === 'ENOSPC') throw new AppError('DISK_FULL', { path }, { cause: error });
    throw new AppError('DATABASE_UNWRITABLE', { database: path }, { cause: error });
  }
}

function sqliteTarget(
  database: DatabaseSync,
  options: { path: string; backupsFolder: string; clock: Clock },
): MigrationTarget {
  const hasTable = (name: string): boolean =>
    database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined;
  return {
    label: options.path,
    exclusively: (work) => work(),
    hasTables: () =>
      Promise.resolve(database.prepare(`SELECT 1 FROM sqlite_schema LIMIT 1`).get() !== undefined),
    applied: () => {
      if (!hasTable('schema_migrations')) return Promise.resolve(undefined);
      const rows = database
        .prepare('SELECT version, name, checksum FROM schema_migrations ORDER BY version')
        .all();
      return Promise.resolve(
        rows.map((row) => ({
          version: Number(row['version']),
          name: String(row['name']),
          checksum: String(row['checksum']),
        })),
      );
    },
    createMigrationsTable: () => {
      database.exec(MIGRATIONS_TABLE_SQL);
      return Promise.resolve();
    },
    apply: (migration, nowMs) => {
      applyMigration(database, options.path, migration, nowMs);
      return Promise.resolve();
    },
    backup: (from, to) =>
      backUpSqlite(database, options.backupsFolder, backupName(from, to, options.clock.nowMs(), 'db')),
  };
}

function applyMigration(database: DatabaseSync, path: string, migration: Migration, nowMs: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(migration.sql);
    const broken = database.prepare('PRAGMA foreign_key_check').get();
    if (broken !== undefined) throw new Error(`rows of ${String(broken['table'])} point to nothing`);
    database
      .prepare('INSERT INTO schema_migrations (version, name, checksum, applied_at_ms) VALUES (?, ?, ?, ?)')
      .run(migration.version, migration.name, migration.checksum, nowMs);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    // disk and file trouble keeps its own words; wrong SQL becomes MIGRATION_FAILED
    throw sqliteCode(error) === undefined ? error : translateSqliteError(error, path);
  }
}

/** A consistent copy of the whole database as one file, on the disk when this resolves. */
export async function backUpSqlite(database: DatabaseSync, folder: string, name: string): Promise<string> {
  await makePrivateFolder(folder);
  const path = join(folder, name);
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600); // SQLite fills an empty file: ours alone from its first byte
    try {
      database.prepare('VACUUM INTO ?').run(temporary);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
  return path;
}
