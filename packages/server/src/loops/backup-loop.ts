import { HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../context.ts';
import { backUpDatabase } from '../features/database/back-up-database.ts';
import { listBackups, pruneBackups } from '../features/database/backup-files.ts';
import { backupsFolderOf, readSchemaVersion } from '../features/database/read-database.ts';
import { startDuty, type Loop } from './loop.ts';

const LOOK_EVERY_MS = 10 * MINUTE_MS;
const LEASE_MS = 30 * MINUTE_MS;

/** Backs the database up when the newest automatic backup is old enough, and keeps as many as the settings say (S-07). */
export function startBackupLoop(context: ServerContext): Loop {
  const { clock, config, dataFolder, domain, log, store, workerId } = context;
  const folder = backupsFolderOf(config, dataFolder);
  const everyMs = config.backups.everyHours * HOUR_MS;
  const stopping = new AbortController();
  const loop = startDuty({
    ...{ clock, log, store, workerId, name: 'database-backup', everyMs: LOOK_EVERY_MS, leaseMs: LEASE_MS },
    run: async () => {
      if (everyMs === 0) return;
      const newest = (await listBackups(folder)).find(({ automatic }) => automatic);
      if (newest !== undefined && clock.nowMs() - newest.createdAtMs < everyMs) return;
      const { database } = config;
      const schemaVersion = await readSchemaVersion(store.db);
      const wish = { database, folder, domainId: domain.id, schemaVersion, automatic: true, clock };
      const { file, bytes } = await backUpDatabase({ ...wish, signal: stopping.signal });
      const removed = await pruneBackups(folder, config.backups.keep);
      log.info({ folder, file, bytes, removed }, 'database backed up');
    },
  });
  return {
    wake: loop.wake,
    stop: () => {
      stopping.abort();
      return loop.stop();
    },
  };
}
