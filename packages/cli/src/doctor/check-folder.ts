import { lstat, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { findingsOf, reasonOf, type Finding } from './finding.ts';

const MEGABYTE = 1024 * 1024;
/** Below so many times what is needed, space is scarce. */
const SCARCE_FACTOR = 5;
const INODES_MIN = 1_000;
const PROBE_BYTES = 64 * 1024;

/** Are the folder and its secret files their owner's alone? Files that are not there are no concern of this check. */
export async function checkFolder(folder: string, secrets: readonly string[]): Promise<Finding[]> {
  const { found } = findingsOf('folder');
  try {
    if (!(await stat(folder)).isDirectory()) return [found('fault', 'folderMissing', { folder })];
  } catch (error) {
    const reason = reasonOf(error);
    return reason === 'ENOENT'
      ? [found('fault', 'folderMissing', { folder })]
      : [found('fault', 'folderForbidden', { path: folder, reason })];
  }
  const open: Finding[] = [];
  for (const path of [folder, ...secrets.map((name) => join(folder, name))]) {
    try {
      const { mode } = await lstat(path);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        open.push(found('fault', 'folderOpen', { path, mode: (mode & 0o777).toString(8) }));
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== 'ENOENT') open.push(found('fault', 'folderForbidden', { path, reason }));
    }
  }
  return open.length > 0 ? open : [found('ok', 'folderOk', { folder })];
}

/** Space, room for files, and whether something can really be written and brought to the disk. */
export async function checkDisk(
  folder: string,
  freeMegabytes: number,
  size: (bytes: number) => string,
): Promise<Finding[]> {
  const { found } = findingsOf('disk');
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const needed = freeMegabytes * MEGABYTE;
    const free = size(freeBytes);
    if (freeBytes < needed) return [found('fault', 'diskFull', { folder, free, needed: size(needed) })];
    await probe(folder);
    const few =
      files > 0 && ffree < INODES_MIN ? [found('warning', 'diskInodes', { folder, left: ffree })] : [];
    return freeBytes < needed * SCARCE_FACTOR
      ? [found('warning', 'diskLow', { folder, free }), ...few]
      : [found('ok', 'diskOk', { free }), ...few];
  } catch (error) {
    return [found('fault', 'diskUnwritable', { folder, reason: reasonOf(error) })];
  }
}

async function probe(folder: string): Promise<void> {
  const path = join(folder, `.doctor-${process.pid}.tmp`);
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(Buffer.alloc(PROBE_BYTES, 1));
    await file.sync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
