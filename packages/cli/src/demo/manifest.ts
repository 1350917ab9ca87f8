import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What one path of a tree is, as far as a restore must bring it back. */
export type Entry =
  | { readonly kind: 'file'; readonly bytes: number; readonly sha256: string; readonly mode: number }
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  /** Sockets, devices, pipes. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable' };

/** Every path below (and including, as '') a root. */
export type Manifest = ReadonlyMap<string, Entry>;

/** Permission bits, with set-user-ID, set-group-ID and the sticky bit. */
const MODE_BITS = 0o7777;

/** Reads a tree; names and absolute paths in `leaveOut` are skipped with all below them. Symbolic links are not followed. */
export async function readManifest(
  root: string,
  leaveOut: { readonly names: ReadonlySet<string>; readonly paths: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<Manifest> {
  const manifest = new Map<string, Entry>();
  const visit = async (relative: string): Promise<void> => {
    signal.throwIfAborted();
    const path = relative === '' ? root : join(root, relative);
    const entry = await readEntry(path, signal);
    if (entry === undefined) return;
    manifest.set(relative, entry);
    if (entry.kind !== 'folder') return;
    const names = await readdir(path).catch(() => undefined);
    if (names === undefined) {
      manifest.set(relative, { kind: 'unreadable' });
      return;
    }
    for (const name of names.sort()) {
      if (leaveOut.names.has(name) || leaveOut.paths.has(join(path, name))) continue;
      await visit(relative === '' ? name : join(relative, name));
    }
  };
  await visit('');
  return manifest;
}

/** One path; undefined when it went away meanwhile. */
async function readEntry(path: string, signal: AbortSignal): Promise<Entry | undefined> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined) return undefined;
  const mode = facts.mode & MODE_BITS;
  if (facts.isDirectory()) return { kind: 'folder', mode };
  if (facts.isSymbolicLink()) return { kind: 'link', target: await readlink(path) };
  if (!facts.isFile()) return { kind: 'other' };
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      createReadStream(path),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          hash.update(chunk);
        }
      },
      { signal },
    );
  } catch {
    signal.throwIfAborted();
    return { kind: 'unreadable' };
  }
  return { kind: 'file', bytes, sha256: hash.digest('hex'), mode };
}
