import { AppError } from '@sekisho/core/errors.ts';
import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { isMissing } from '../settings.ts';

/** Links followed on the way to one original place. */
const LINKS_MAX = 40;

/**
 * Where something that was at `path` belongs now: the deepest folder above it that exists, and the first name below that
 * folder. A link on the way is followed only when the system's or the agent's own user made it; somebody else's would lead a
 * restore out of its place. Refusal: RESTORE_TARGET_UNUSABLE.
 */
export async function originalPlace(path: string): Promise<{ folder: string; above: string; name: string }> {
  const parts = normalize(path)
    .split('/')
    .filter((part) => part !== '');
  const last = parts.length - 1;
  let folder = '/';
  let links = 0;
  for (const [index, part] of parts.entries()) {
    const above = `/${parts.slice(0, index).join('/')}`;
    if (index === last) return { folder, above, name: part };
    const queue = [part];
    let missing = false;
    while (queue.length > 0) {
      const next = queue.shift()!;
      const candidate = next === '..' ? join(folder, '..') : join(folder, next);
      const entry = await lstatIfThere(candidate);
      if (entry === undefined) {
        missing = true;
        break;
      }
      if (entry.isDirectory()) {
        folder = candidate;
        continue;
      }
      links += 1;
      if (!entry.isSymbolicLink() || !isTrusted(entry.uid) || links > LINKS_MAX)
        throw new AppError('RESTORE_TARGET_UNUSABLE', { path, detail: `${candidate} is in the way` });
      const to = await readlink(candidate);
      if (isAbsolute(to)) folder = '/';
      queue.unshift(...to.split('/').filter((name) => name !== '' && name !== '.'));
    }
    if (missing) return { folder, above, name: part };
  }
  return { folder: '/', above: '/', name: '' };
}

const isTrusted = (uid: number): boolean => uid === 0 || uid === process.getuid?.();

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
