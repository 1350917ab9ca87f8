import { makePrivateFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { lstat, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataFolder } from '../data-folder.ts';
import { isMissing } from '../settings.ts';

/** Where a restore is put together before it is placed. */
export interface Staging {
  readonly path: string;
  remove(): Promise<void>;
}

const PREFIX = '.sekisho-restore-';

/**
 * A folder on the target's file system, so that files are placed by rename: in the agent's own data folder if that is there,
 * else on the way to the target, as deep as nobody but root and the agent's own user could replace it: restic follows links,
 * and whoever owns the folder above could put one in its place. It is written down first, so that a crash leaves none.
 */
export async function makeStaging(folder: DataFolder, jobId: JobId, target: string): Promise<Staging> {
  await makePrivateFolder(folder.staging);
  const { dev } = await lstat(target);
  const own = join(folder.staging, jobId);
  const beside = (await lstat(folder.staging)).dev === dev ? undefined : await safeFolder(target, dev);
  const sameDisk = beside === undefined;
  const path = beside === undefined ? own : join(beside, `${PREFIX}${jobId}`);
  await writeDurably(noteOf(folder, jobId), path);
  try {
    await mkdir(path, { mode: 0o700 });
    return { path, remove: () => removeStaging(folder, jobId, path) };
  } catch (error) {
    if (sameDisk) throw error;
    // Not writable there: put together here, and copied.
    await mkdir(own, { mode: 0o700 });
    await writeDurably(noteOf(folder, jobId), own);
    return { path: own, remove: () => removeStaging(folder, jobId, own) };
  }
}

/** Removes what crashed restores left. */
export async function sweepStaging(folder: DataFolder, log: Log): Promise<number> {
  let swept = 0;
  for (const name of await readdir(folder.jobs)) {
    const jobId = /^([0-9a-f]{32})\.staging$/.exec(name)?.[1];
    if (jobId === undefined) continue;
    try {
      const path = await readFile(join(folder.jobs, name), 'utf8');
      // Only what has our name: the note is ours, but a disk may have lied.
      if (basename(path) === jobId || basename(path) === `${PREFIX}${jobId}`)
        await rm(path, { recursive: true, force: true });
      await rm(join(folder.jobs, name), { force: true });
      swept += 1;
    } catch (error) {
      // A disk that is read-only or away keeps nobody from starting; the note stays, and the next start tries again.
      log.warn({ err: error, jobId }, 'what a restore left could not be removed');
    }
  }
  for (const name of await namesIn(folder.staging))
    await rm(join(folder.staging, name), { recursive: true, force: true });
  return swept;
}

/**
 * The deepest folder on the way to `path`, on the same file system, in which only root and our own user may rename: they own
 * it and each one above it, and others may write there at most under the sticky bit. None: undefined.
 */
export async function safeFolder(path: string, dev: number): Promise<string | undefined> {
  const parts = (await realpath(path)).split('/').filter((part) => part !== '');
  let safe: string | undefined;
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const folder = `/${parts.slice(0, depth).join('/')}`;
    const entry = await lstat(folder);
    const isOurs = entry.uid === 0 || entry.uid === process.getuid?.();
    if (!isOurs || ((entry.mode & 0o022) !== 0 && (entry.mode & 0o1000) === 0)) break;
    if (entry.dev === dev) safe = folder;
  }
  return safe;
}

const noteOf = (folder: DataFolder, jobId: string): string => join(folder.jobs, `${jobId}.staging`);

async function removeStaging(folder: DataFolder, jobId: JobId, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await rm(noteOf(folder, jobId), { force: true });
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
