import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Called at the named moments of a durable write, so that tests can kill the process there. */
export interface DurableWriteMoments {
  beforeFsync?: () => void;
  beforeRename?: () => void;
  renamed?: () => void;
}

/**
 * Writes a file so that a crash leaves the old content or the new one, never half of it: temporary file → fsync → rename →
 * fsync of the folder. When this resolves, the content survives power loss.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; moments?: DurableWriteMoments } = {},
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', options.mode ?? 0o600);
  try {
    await file.writeFile(content);
    options.moments?.beforeFsync?.();
    await file.sync();
    await file.close();
    options.moments?.beforeRename?.();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  options.moments?.renamed?.();
  await syncFolder(folder);
}

/** Makes renames, creations and removals in a folder survive power loss. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // NTFS journals metadata itself; opening a folder fails there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a folder only its owner can enter (and its parents, likewise). */
export const makePrivateFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
};

/** Removes temporary files that a crash left in a folder. */
export async function sweepTemporaryFiles(folder: string): Promise<number> {
  let swept = 0;
  for (const name of await readdir(folder)) {
    if (!/^\..+\.[0-9a-f]{12}\.tmp$/.test(name)) continue;
    await rm(join(folder, name), { force: true });
    swept += 1;
  }
  return swept;
}
