import { AppError } from '@sekisho/core/errors.ts';
import { canonicalName } from '@sekisho/core/rules/naming.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import { join, resolve } from 'node:path';
import { saveConfig } from '../../config.ts';
import { openStore } from '../../store/open-store.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { KEK_FILE, readKekFile } from '../keys/kek.ts';
import { loadKeys } from '../keys/key-store.ts';
import { selectClusters } from '../clusters/cluster-rows.ts';
import { claimDataFolder, folderRefusal, releaseMarker } from './data-folder.ts';
import { findDomain } from './domain.store.ts';
import { defaultAddress } from './init-server.ts';
import { otherAddresses } from './server-list.ts';

/**
 * Adds a server process to a domain on PostgreSQL (S-07): a data folder of its own, the domain's key-encryption key copied
 * from `kekFile`, and a configuration. Without addresses it is reached under the virtual name of the cluster that the domain's servers
 * run on (T-20), else under this machine's name. Gives the addresses. Refusals: DATA_FOLDER_TAKEN, DATABASE_EMPTY, KEK_…, SECRET_UNREADABLE (another key).
 */
export async function joinServer(options: {
  dataFolder: string;
  database: string;
  kekFile: string;
  addresses?: readonly string[];
  clock: Clock;
  random: Random;
  log?: Log;
}): Promise<{ addresses: readonly string[] }> {
  const dataFolder = resolve(options.dataFolder);
  const kek = await readKekFile(options.kekFile);
  let addresses = options.addresses;
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
      addresses ??= await virtualNames(store.db);
    } finally {
      await store.close();
    }
    await writeDurably(join(dataFolder, KEK_FILE), kek.reveal(), { mode: 0o600 });
    await saveConfig(dataFolder, {
      version: 1,
      instanceId: options.random.uuid(),
      database: options.database,
      addresses: [...addresses],
    });
    await releaseMarker(dataFolder);
    return { addresses };
  } catch (error) {
    throw folderRefusal(error, dataFolder);
  }
}

/** The virtual names of clusters under which agents reach the domain's servers; without one this machine's name. */
async function virtualNames(db: DbOrTx): Promise<readonly string[]> {
  const served = new Set((await otherAddresses(db, '')).map(canonicalName));
  const shared = (await selectClusters(db)).map(({ name }) => name).filter((name) => served.has(name));
  return shared.length > 0 ? shared : [defaultAddress()];
}
