import { makePrivateFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
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
 * else beside the target's files. It is written down first, so that a crash leaves none.
 */
export async function makeStaging(folder: DataFolder, jobId: JobId, target: string): Promise<Staging> {
  await makePrivateFolder(folder.staging);
  const sameDisk = (await lstat(folder.staging)).dev === (await lstat(target)).dev;
  const own = join(folder.staging, jobId);
  const path = sameDisk ? own : join(target, `${PREFIX}${jobId}`);
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
export async function sweepStaging(folder: DataFolder): Promise<number> {
  let swept = 0;
  for (const name of await readdir(folder.jobs)) {
    const jobId = /^([0-9a-f]{32})\.staging$/.exec(name)?.[1];
    if (jobId === undefined) continue;
    const path = await readFile(join(folder.jobs, name), 'utf8');
    // Only what has our name: the note is ours, but a disk may have lied.
    if (basename(path) === jobId || basename(path) === `${PREFIX}${jobId}`)
      await rm(path, { recursive: true, force: true });
    await rm(join(folder.jobs, name), { force: true });
    swept += 1;
  }
  for (const name of await namesIn(folder.staging))
    await rm(join(folder.staging, name), { recursive: true, force: true });
  return swept;
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
