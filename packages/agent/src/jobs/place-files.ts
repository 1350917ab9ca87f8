import { AppError } from '@sekisho/core/errors.ts';
import { UNREADABLE_FILES_MAX } from '@sekisho/core/limits.ts';
import { constants, type Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { isMissing } from '../settings.ts';
import { OpenFolder } from './open-folder.ts';

export type Conflict = 'overwrite' | 'skip' | 'rename';

export interface Placement {
  /** Files, links and others that are at their place now. */
  files: number;
  bytes: number;
  /** Names that existed, and what was done instead; the first of them. */
  readonly warnings: string[];
  skipped: number;
  /** Files in what was skipped: with `files` they make up all that was staged. */
  skippedFiles: number;
  renamed: number;
  /** What the system did not let us place, with its reason; the first of them. Nothing else is held up by it. */
  readonly failed: { readonly path: string; readonly reason: string }[];
}

/** Nothing placed yet. */
export const nothingPlaced = (): Placement => ({
  files: 0,
  bytes: 0,
  warnings: [],
  skipped: 0,
  skippedFiles: 0,
  renamed: 0,
  failed: [],
});

/** Lines that are kept of what was skipped or renamed. */
const WARNINGS_MAX = 50;
/** Names tried for one file that is to be renamed. */
const RENAMES_MAX = 1_000;

/**
 * Moves what restic put together in `staging` into `target` (P-14): our own code, because restic 0.14 only overwrites. Modes
 * and times come along. No link is ever followed below the target: each folder is opened without following and worked in by
 * its handle. Folders that exist keep their own mode; a folder in a file's way is never removed. Refusal:
 * RESTORE_TARGET_UNUSABLE.
 */
export async function placeFiles(options: {
  staging: string;
  target: string;
  conflict: Conflict;
  /** Only this name of the staging folder. */
  only?: string;
  /** What stands before the paths in warnings: the folder in the recovery point that `staging` is. */
  above?: string;
  signal: AbortSignal;
}): Promise<Placement> {
  const placement = nothingPlaced();
  const from = await OpenFolder.open(options.staging);
  try {
    const to = await openTarget(options.target);
    try {
      const names = options.only === undefined ? await from.names() : [options.only];
      await placeFolder(from, to, options.above ?? '', { ...options, placement }, names);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  return placement;
}

interface Work {
  readonly conflict: Conflict;
  readonly signal: AbortSignal;
  readonly placement: Placement;
}

async function openTarget(path: string): Promise<OpenFolder> {
  try {
    return await OpenFolder.open(path);
  } catch (error) {
    const detail = error instanceof Error && 'code' in error ? String(error.code) : 'not a folder';
    throw new AppError('RESTORE_TARGET_UNUSABLE', { path, detail }, { cause: error });
  }
}

async function placeFolder(
  from: OpenFolder,
  to: OpenFolder,
  shown: string,
  work: Work,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (work.signal.aborted) return;
    const path = `${shown}/${name}`;
    try {
      await placeEntry(from, to, name, path, work);
    } catch (error) {
      fail(path, error, work);
    }
  }
}

async function placeEntry(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  path: string,
  work: Work,
): Promise<void> {
  const entry = await lstatIfThere(from.path(name));
  if (entry === undefined) return;
  const there = await lstatIfThere(to.path(name));
  if (there === undefined) await moveWhole(from, to, name, name, work);
  else if (!entry.isDirectory()) await placeFile(from, to, name, path, there.isDirectory(), work);
  else if (there.isDirectory()) await placeInside(from, to, name, path, work);
  else await placeFolderOverFile(from, to, name, path, work);
}

/** One file that the system refuses is listed, and the others go on; a full disk ends it all. */
function fail(path: string, error: unknown, { placement }: Work): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined || error instanceof AppError) throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', { path }, { cause: error });
  if (placement.failed.length < UNREADABLE_FILES_MAX) placement.failed.push({ path, reason: code });
}

async function placeInside(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  path: string,
  work: Work,
): Promise<void> {
  const source = await from.enter(name);
  try {
    // Between the look and this open a link may have been put there: it is not followed, and this fails.
    const target = await to.enter(name);
    try {
      await placeFolder(source, target, path, work, await source.names());
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function placeFile(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  path: string,
  isFolderThere: boolean,
  work: Work,
): Promise<void> {
  if (work.conflict === 'rename') {
    await placeRenamed(from, to, name, path, work);
    return;
  }
  if (work.conflict === 'skip' || isFolderThere) {
    await skip(from, name, path, isFolderThere ? 'a folder is in its place' : 'it exists', work);
    return;
  }
  await moveWhole(from, to, name, name, work);
}

/** A file, or a link, stands where a folder belongs. The link itself is replaced, never what it points to. */
async function placeFolderOverFile(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  path: string,
  work: Work,
): Promise<void> {
  if (work.conflict === 'skip') {
    await skip(from, name, path, 'something that is no folder is in its place', work);
    return;
  }
  if (work.conflict === 'rename') {
    await placeRenamed(from, to, name, path, work);
    return;
  }
  await rm(to.path(name), { force: true });
  await moveWhole(from, to, name, name, work);
}

async function placeRenamed(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  path: string,
  work: Work,
): Promise<void> {
  for (let attempt = 1; attempt <= RENAMES_MAX; attempt += 1) {
    const other = attempt === 1 ? `${name}.restored` : `${name}.restored-${attempt}`;
    if ((await lstatIfThere(to.path(other))) !== undefined) continue;
    await moveWhole(from, to, name, other, work);
    work.placement.renamed += 1;
    warn(`${path}: exists, restored as ${other}`, work);
    return;
  }
  await skip(from, name, path, 'too many restored copies are there', work);
}

async function skip(from: OpenFolder, name: string, path: string, reason: string, work: Work): Promise<void> {
  work.placement.skipped += 1;
  work.placement.skippedFiles += (await countWhole(from, name)).files;
  warn(`${path}: skipped, ${reason}`, work);
}

function warn(line: string, { placement }: Work): void {
  if (placement.warnings.length < WARNINGS_MAX) placement.warnings.push(line.slice(0, 1000));
}

/** To a name that is free, or to a file that is replaced in one step. On another file system it is copied. */
async function moveWhole(
  from: OpenFolder,
  to: OpenFolder,
  name: string,
  newName: string,
  work: Work,
): Promise<void> {
  const counted = await countWhole(from, name);
  try {
    await rename(from.path(name), to.path(newName));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await copyWhole(from, to, name, newName);
    await rm(from.path(name), { recursive: true, force: true });
  }
  work.placement.files += counted.files;
  work.placement.bytes += counted.bytes;
}

async function countWhole(folder: OpenFolder, name: string): Promise<{ files: number; bytes: number }> {
  const entry = await lstat(folder.path(name));
  if (!entry.isDirectory()) return { files: 1, bytes: entry.isFile() ? entry.size : 0 };
  const inner = await folder.enter(name);
  try {
    const sum = { files: 0, bytes: 0 };
    for (const child of await inner.names()) {
      const { files, bytes } = await countWhole(inner, child);
      sum.files += files;
      sum.bytes += bytes;
    }
    return sum;
  } finally {
    await inner.close();
  }
}

async function copyWhole(from: OpenFolder, to: OpenFolder, name: string, newName: string): Promise<void> {
  const source = from.path(name);
  const target = to.path(newName);
  const entry = await lstat(source);
  if (entry.isDirectory()) {
    await mkdir(target, { mode: 0o700 });
    const [inner, outer] = [await from.enter(name), await to.enter(newName)];
    try {
      for (const child of await inner.names()) await copyWhole(inner, outer, child, child);
    } finally {
      await inner.close();
      await outer.close();
    }
  } else if (entry.isSymbolicLink()) {
    await rm(target, { force: true });
    await symlink(await readlink(source), target);
  } else if (entry.isFile()) {
    // Beside it first: the name never shows half a file.
    const half = to.path(`.${newName.slice(0, 200)}.sekisho-half`);
    await rm(half, { force: true });
    await copyFile(source, half, constants.COPYFILE_EXCL);
    await rename(half, target);
  } else throw new AppError('RESTORE_TARGET_UNUSABLE', { path: newName, detail: 'a device on another disk' });
  await keepMetadata(target, entry);
}

async function keepMetadata(
  path: string,
  entry: { mode: number; uid: number; gid: number; atime: Date; mtime: Date; isSymbolicLink(): boolean },
): Promise<void> {
  await lchown(path, entry.uid, entry.gid).catch(() => undefined); // only root may give files away
  if (!entry.isSymbolicLink()) await chmod(path, entry.mode & 0o7777);
  await lutimes(path, entry.atime, entry.mtime);
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
