import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { Kysely } from 'kysely';
import { join } from 'node:path';
import { parseDatabaseAddress } from './database-address.ts';
import { readMigrations, type Migration } from './migrations.ts';
import { openSqlite } from './open-sqlite.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import { createStore, type Store } from './store.ts';
import type { Tables } from './tables.ts';

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
}): Promise<Store> {
  const address = parseDatabaseAddress(options.database);
  const migrations = options.migrations ?? readMigrations(address.dialect);
  const backupsFolder = join(options.dataFolder, BACKUPS_FOLDER);
  const { clock, log } = options;
  if (address.dialect === 'postgres') throw new Error('not yet');
  const handle = await openSqlite({ path: address.path, backupsFolder, migrations, clock, log });
  const db = new Kysely<Tables>({
    dialect: sqliteDialect(handle.database, (error) => translateSqliteError(error, address.label)),
  });
  return createStore({
    dialect: 'sqlite',
    label: address.label,
    db,
    clock,
    databaseNowMs: () => Promise.resolve(clock.nowMs()),
    closed: () => {
      handle.unlock();
      return Promise.resolve();
    },
  });
}
