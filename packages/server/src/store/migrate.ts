import { AppError } from '@sekisho/core/errors.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Migration } from './migrations.ts';

export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/** What the runner needs of a database; SQLite and PostgreSQL each give one. */
export interface MigrationTarget {
  /** What errors may show. */
  readonly label: string;
  /** Keeps other processes from migrating at the same time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** True when the database holds tables, ours or others'. */
  hasTables(): Promise<boolean>;
  /** Rows of `schema_migrations` by version; undefined when there is no such table. */
  applied(): Promise<AppliedMigration[] | undefined>;
  createMigrationsTable(): Promise<void>;
  /** The step and its row in one transaction. */
  apply(migration: Migration, nowMs: number): Promise<void>;
  /** Writes a backup that survives power loss; returns its path. */
  backup(fromVersion: number, toVersion: number): Promise<string>;
}

/**
 * Brings a database to this program's schema: one transaction a step, a backup before an existing one is changed.
 * @throws AppError DATABASE_NEWER, DATABASE_FOREIGN, MIGRATION_CHANGED, MIGRATION_FAILED, DATABASE_BACKUP_FAILED
 */
export async function migrate(
  target: MigrationTarget,
  migrations: readonly Migration[],
  options: { nowMs: number; backupsFolder: string; log: Log },
): Promise<void> {
  await target.exclusively(async () => {
    const applied = await target.applied();
    if (applied === undefined && (await target.hasTables())) {
      throw new AppError('DATABASE_FOREIGN', { database: target.label });
    }
    refuseOtherSchema(target.label, applied ?? [], migrations, options.backupsFolder);
    const version = applied?.length ?? 0;
    const due = migrations.slice(version);
    if (due.length === 0) return;
    if (applied === undefined) await target.createMigrationsTable();
    if (version > 0) await backUp(target, version, migrations.length, options);
    for (const migration of due) await applyOne(target, migration, options);
    options.log.info({ from: version, to: migrations.length }, 'database schema is up to date');
  });
}

function refuseOtherSchema(
  database: string,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
  backups: string,
): void {
  const found = applied.at(-1)?.version ?? 0;
  if (found > migrations.length) {
    throw new AppError('DATABASE_NEWER', { database, found, known: migrations.length, backups });
  }
  applied.forEach((row, index) => {
    const known = migrations[index];
    if (known?.version !== row.version || known.checksum !== row.checksum) {
      throw new AppError('MIGRATION_CHANGED', { database, name: row.name });
    }
  });
}

async function backUp(
  target: MigrationTarget,
  from: number,
  to: number,
  options: { backupsFolder: string; log: Log },
): Promise<void> {
  try {
    const path = await target.backup(from, to);
    options.log.info({ path, from, to }, 'database backed up before its upgrade');
  } catch (error) {
    throw new AppError('DATABASE_BACKUP_FAILED', { folder: options.backupsFolder }, { cause: error });
  }
}

async function applyOne(
  target: MigrationTarget,
  migration: Migration,
  options: { nowMs: number; backupsFolder: string },
): Promise<void> {
  try {
    await target.apply(migration, options.nowMs);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'MIGRATION_FAILED',
      { database: target.label, name: migration.name, backups: options.backupsFolder },
      { cause: error },
    );
  }
}

/** The runner's own table; the same on both dialects. PostgreSQL's writers also lock it (see postgres-dialect.ts). */
export const MIGRATIONS_TABLE_SQL = `CREATE TABLE schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at_ms BIGINT NOT NULL
)`;

/** A name for a backup file: versions and a number that only grows. */
export const backupName = (from: number, to: number, nowMs: number, extension: string): string =>
  `before-schema-${to}-from-${from}-${nowMs}.${extension}`;
