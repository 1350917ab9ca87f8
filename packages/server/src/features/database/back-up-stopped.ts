import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { DatabaseBackup } from '@sekisho/core/wire/database.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { loadConfig } from '../../config.ts';
import { openStore } from '../../store/open-store.ts';
import { backUpDatabase } from './back-up-database.ts';
import { backupsFolderOf, backupView, readSchemaVersion } from './read-database.ts';

/**
 * A backup while no server process runs; on SQLite the database is held meanwhile. Refusals: SERVER_NOT_INITIALISED,
 * DATABASE_IN_USE, DATABASE_EMPTY, DATABASE_BACKUP_…
 */
export async function backUpStoppedDatabase(options: {
  dataFolder: string;
  to: string | undefined;
  clock: Clock;
  log: Log;
  environment: Readonly<Record<string, string | undefined>>;
}): Promise<DatabaseBackup> {
  const { clock, dataFolder, log } = options;
  const config = await loadConfig(dataFolder, {}, options.environment);
  const { database } = config;
  const store = await openStore({ database, dataFolder, clock, log, listen: false });
  try {
    const domain = await store.db.selectFrom('domain').select('id').executeTakeFirst();
    if (domain === undefined) throw new AppError('DATABASE_EMPTY');
    const folder = options.to ?? backupsFolderOf(config, dataFolder);
    const schemaVersion = await readSchemaVersion(store.db);
    const wish = { database, folder, domainId: domain.id, schemaVersion, automatic: false, clock };
    return backupView(await backUpDatabase(wish), folder);
  } finally {
    await store.close();
  }
}
