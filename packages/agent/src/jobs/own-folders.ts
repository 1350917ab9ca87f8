import { lstat, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isInside, mountAliases, readMounts, type Mount } from './mount-aliases.ts';

/**
 * Which of a plan's paths exist, and which patterns keep the agent's own folders (keys, repositories) out of the backup
 * (T-19), also when a path leads to them through a link or another mount of the same files.
 */
export async function inspectPaths(
  paths: readonly string[],
  ownFolders: readonly string[],
  mounts: readonly Mount[] | undefined = undefined,
): Promise<{ present: string[]; missing: string[]; own: string[]; excludes: string[] }> {
  const real = await Promise.all(ownFolders.map(realOrSelf));
  const folders = [...real, ...mountAliases(real, mounts ?? (await readMounts()))];
  const present: string[] = [];
  const missing: string[] = [];
  const own: string[] = [];
  const excludes = new Set([...ownFolders, ...folders].map(escapePattern));
  for (const path of paths) {
    if (!(await exists(path))) {
      missing.push(path);
      continue;
    }
    const leadsTo = await realOrSelf(path);
    if (folders.some((folder) => isInside(leadsTo, folder))) {
      own.push(path);
      continue;
    }
    present.push(path);
    for (const folder of folders)
      if (isInside(folder, leadsTo)) excludes.add(escapePattern(join(path, relative(leadsTo, folder))));
  }
  return { present, missing, own, excludes: [...excludes] };
}

/** restic's patterns know `*`, `?`, `[` and the backslash. */
export const escapePattern = (path: string): string => path.replace(/[\\*?[\]]/g, (sign) => `\\${sign}`);

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function realOrSelf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}
