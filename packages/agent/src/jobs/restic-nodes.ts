import { z } from 'zod';
import type { ListingEntry } from '@sekisho/core/wire/jobs.ts';

const node = z.object({
  struct_type: z.literal('node').optional(),
  message_type: z.string().optional(),
  path: z.string(),
  type: z.string(),
  size: z.number().default(0),
  mtime: z.string().optional(),
});
const snapshot = z.object({ struct_type: z.literal('snapshot'), paths: z.array(z.string()) });

/** A line of `restic ls --json`: one file or folder of a recovery point. */
export function parseNode(line: string): ListingEntry | undefined {
  const parsed = node.safeParse(parseJson(line));
  if (!parsed.success) return undefined;
  const { path, type, size, mtime } = parsed.data;
  const modifiedAtMs = mtime === undefined ? NaN : Date.parse(mtime);
  return {
    path: path.slice(0, 4096),
    kind: KINDS.get(type) ?? 'other',
    bytes: size,
    modifiedAtMs: Number.isFinite(modifiedAtMs) ? modifiedAtMs : null,
  };
}

/** The first line of `restic ls --json`: the paths that the snapshot was taken of. */
export function parseSnapshotPaths(line: string): string[] | undefined {
  const parsed = snapshot.safeParse(parseJson(line));
  return parsed.success ? parsed.data.paths : undefined;
}

const KINDS: ReadonlyMap<string, ListingEntry['kind']> = new Map([
  ['file', 'file'],
  ['dir', 'folder'],
  ['symlink', 'link'],
]);

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
