import { lstat, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * Which of a plan's paths exist, and which patterns keep the agent's own folders (keys, repositories) out of the backup
 * (T-19), also when a path leads to them through a link.
 */
export async function inspectPaths(
  paths: readonly string[],
  ownFolders: readonly string[],
): Promise<{ present: string[]; missing: string[]; own: string[]; excludes: string[] }> {
  const folders = await Promise.all(ownFolders.map(realOrSelf));
  const present: string[] = [];
  const missing: string[] = [];
  const own: string[] = [];
  const excludes = new Set([...ownFolders, ...folders].map(escapePattern));
  for (const path of paths) {
    if (!(await exists(path))) {
      missing.push(path);
      continue;
    }
    const real = await realOrSelf(path);
    if (folders.some((folder) => isInside(real, folder))) {
      own.push(path);
      continue;
    }
    present.push(path);
    for (const folder of folders)
      if (isInside(folder, real)) excludes.add(escapePattern(join(path, relative(real, folder))));
  }
  return { present, missing, own, excludes: [...excludes] };
}

/** restic's patterns know `*`, `?`, `[` and the backslash. */
export const escapePattern = (path: string): string => path.replace(/[\\*?[\]]/g, (sign) => `\\${sign}`);

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

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
