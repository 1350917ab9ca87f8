import { AppError } from '@sekisho/core/errors.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** While it is there and the configuration is not, an initialisation was cut short: it may be done again. */
export const INIT_MARKER_FILE = 'init-incomplete';

/**
 * Makes a data folder that only its owner can enter, for a new installation. Refusals: DATA_FOLDER_TAKEN when anything but
 * the rest of a cut-short initialisation is there; DATA_FOLDER_UNUSABLE.
 */
export async function claimDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const content = await readdir(folder);
    if (content.length > 0 && !content.includes(INIT_MARKER_FILE))
      throw new AppError('DATA_FOLDER_TAKEN', { folder });
    if (content.includes('server.json')) throw new AppError('DATA_FOLDER_TAKEN', { folder });
    await chmod(folder, 0o700);
    await writeDurably(join(folder, INIT_MARKER_FILE), 'initialisation has begun\n');
  } catch (error) {
    throw folderRefusal(error, folder);
  }
}

/** The initialisation is complete. */
export const releaseMarker = (folder: string): Promise<void> =>
  rm(join(folder, INIT_MARKER_FILE), { force: true });

/** What the file system says of a data folder, in words. */
export function folderRefusal(error: unknown, folder: string): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('DISK_FULL', { path: folder }, { cause: error });
  if (!code.startsWith('E')) return error;
  return new AppError('DATA_FOLDER_UNUSABLE', { folder, detail: code }, { cause: error });
}
