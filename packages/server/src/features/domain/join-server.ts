import { AppError } from '@sekisho/core/errors.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import { join, resolve } from 'node:path';
import { saveConfig } from '../../config.ts';
import { openStore } from '../../store/open-store.ts';
import { KEK_FILE, readKekFile } from '../keys/kek.ts';
import { loadKeys } from '../keys/key-store.ts';
import { claimDataFolder, folderRefusal, releaseMarker } from './data-folder.ts';
import { findDomain } from './domain.store.ts';
import { defaultAddress } from './init-server.ts';

/**
 * Adds a server process to a domain on PostgreSQL (S-07): a data folder of its own, the domain's key-encryption key copied
 * from `kekFile`, and a configuration. Refusals: DATA_FOLDER_TAKEN, DATABASE_EMPTY, KEK_…, SECRET_UNREADABLE (another key).
 */
export async function joinServer(options: {
  dataFolder: string;
  database: string;
  kekFile: string;
  addresses?: readonly string[];
  clock: Clock;
  random: Random;
  log?: Log;
}): Promise<void> {
  const dataFolder = resolve(options.dataFolder);
  const kek = await readKekFile(options.kekFile);
  await claimDataFolder(dataFolder);
  try {
    const store = await openStore({
      database: options.database,
      dataFolder,
      clock: options.clock,
      log: options.log ?? silentLog(),
    });
    try {
      if ((await findDomain(store.db)) === undefined) throw new AppError('DATABASE_EMPTY');
      await loadKeys(store.db, kek);
    } finally {
      await store.close();
    }
    await writeDurably(join(dataFolder, KEK_FILE), kek.reveal(), { mode: 0o600 });
    await saveConfig(dataFolder, {
      version: 1,
      instanceId: options.random.uuid(),
      database: options.database,
      addresses: [...(options.addresses ?? [defaultAddress()])],
    });
    await releaseMarker(dataFolder);
  } catch (error) {
    throw folderRefusal(error, dataFolder);
  }
}
