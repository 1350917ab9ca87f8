import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Client } from 'pg';
import { backUpPostgres } from './back-up-postgres.ts';
import type { DatabaseAddress } from './database-address.ts';
import {
  backupName,
  migrate,
  MIGRATIONS_TABLE_SQL,
  type AppliedMigration,
  type MigrationTarget,
} from './migrate.ts';
import type { Migration } from './migrations.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { connectPostgres, PostgresPool } from './postgres-servers.ts';

interface Options {
  address: DatabaseAddress & { dialect: 'postgres' };
  backupsFolder: string;
  migrations: readonly Migration[];
  clock: Clock;
  log: Log;
}

/**
 * Migrates over a connection of its own (an advisory lock keeps a second process waiting), then gives the pool.
 * @throws AppError DATABASE_UNREACHABLE, DATABASE_STANDBY, DATABASE_LOGIN_REFUSED, DATABASE_MISSING, DATABASE_RIGHTS_MISSING and the runner's
 */
export async function openPostgres(options: Options): Promise<PostgresPool> {
  let client: Client | undefined;
  try {
    client = await connectPostgres(options.address);
    await migrate(postgresTarget(client, options), options.migrations, {
      nowMs: options.clock.nowMs(),
      backupsFolder: options.backupsFolder,
      log: options.log,
    });
  } catch (error) {
    throw translatePostgresError(error, options.address.label);
  } finally {
    await client?.end().catch(() => undefined);
  }
  return new PostgresPool(options.address, (pool) => {
    pool.on('error', (error) => {
      options.log.warn({ err: error }, 'an idle database connection was lost');
    });
    // one that is in use reports it to the query under way; without a listener the event would end the process
    pool.on('connect', (connection) => {
      connection.on('error', () => undefined);
    });
  });
}

function postgresTarget(client: Client, options: Options): MigrationTarget {
  const { label } = options.address;
  return {
    label,
    exclusively: async (work) => {
      await client.query(`SELECT pg_advisory_lock(hashtext('sekisho schema'))`);
      try {
        return await work();
      } finally {
        await client.query(`SELECT pg_advisory_unlock(hashtext('sekisho schema'))`);
      }
    },
    hasTables: async () => {
      const { rows } = await client.query(
        'SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() LIMIT 1',
      );
      return rows.length > 0;
    },
    applied: async () => {
      const { rows: tables } = await client.query(
        `SELECT 1 FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_name = 'schema_migrations'`,
      );
      if (tables.length === 0) return undefined;
      const { rows } = await client.query<AppliedMigration>(
        'SELECT version, name, checksum FROM schema_migrations ORDER BY version',
      );
      return rows;
    },
    createMigrationsTable: async () => {
      await client.query(MIGRATIONS_TABLE_SQL);
    },
    apply: (migration, nowMs) => applyMigration(client, label, migration, nowMs),
    backup: (from, to) =>
      backUpPostgres(client, {
        folder: options.backupsFolder,
        name: backupName(from, to, options.clock.nowMs(), 'sql'),
        schemaSql: [MIGRATIONS_TABLE_SQL, ...options.migrations.slice(0, from).map(({ sql }) => sql)],
      }),
  };
}

async function applyMigration(
  client: Client,
  label: string,
  migration: Migration,
  nowMs: number,
): Promise<void> {
  // the lock of postgres-dialect.ts: no older process writes while the schema changes
  await client.query('BEGIN; LOCK TABLE schema_migrations IN EXCLUSIVE MODE');
  try {
    await client.query(migration.sql);
    await client.query(
      'INSERT INTO schema_migrations (version, name, checksum, applied_at_ms) VALUES ($1, $2, $3, $4)',
      [migration.version, migration.name, migration.checksum, nowMs],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw translatePostgresError(error, label);
  }
}
