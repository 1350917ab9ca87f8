import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A mount as the kernel tells it: which folder of which file system stands where. */
export interface Mount {
  readonly device: string;
  readonly root: string;
  readonly at: string;
}

const MOUNTS_MAX = 10_000;

/** The mounts of this process; none where the system does not tell. @source proc_pid_mountinfo(5) */
export async function readMounts(): Promise<Mount[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return parseMounts(text);
}

export const parseMounts = (text: string): Mount[] =>
  text
    .split('\n')
    .slice(0, MOUNTS_MAX)
    .flatMap((line) => {
      const [, , device, root, at] = line.split(' ');
      if (device === undefined || root === undefined || at === undefined) return [];
      return [{ device, root: plain(root), at: plain(at) }];
    });

/** Blanks and such are written as octal numbers. */
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Other paths under which the same folders stand, because their file system, or a part of it, is mounted there as well. */
export function mountAliases(folders: readonly string[], mounts: readonly Mount[]): string[] {
  const aliases = new Set<string>();
  for (const folder of folders) {
    const own = mountOf(folder, mounts);
    if (own === undefined) continue;
    const inside = join(own.root, relative(own.at, folder));
    for (const other of mounts) {
      if (other.device !== own.device) continue;
      if (isInside(inside, other.root)) aliases.add(join(other.at, relative(other.root, inside)));
      else if (isInside(other.root, inside)) aliases.add(other.at);
    }
  }
  for (const folder of folders) aliases.delete(folder);
  return [...aliases];
}

/** The mount that a path lies on: the deepest, and of those at one place the last. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts)
    if (isInside(path, mount.at) && mount.at.length >= (found?.at.length ?? 0)) found = mount;
  return found;
}

/** Is a path this folder, or below it? */
export const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
