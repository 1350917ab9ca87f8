import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { READ_CHUNK_BYTES } from '../limits.ts';
import { listObjects } from './list-objects.ts';
import type { Repository } from './repository.ts';
import { OBJECT_TYPES, type ObjectType } from './repository-paths.ts';

export interface ScrubResult {
  readonly objects: number;
  readonly bytes: number;
  /** Objects whose bytes are not those of their name: the disk changed them. */
  readonly damaged: { readonly type: ObjectType; readonly id: string }[];
}

const DAMAGED_LISTED_MAX = 1_000;

/** Compares every object with its name (SHA-256). Needs no key, changes nothing. Ends early when the signal is aborted. */
export async function scrub(repository: Repository, signal?: AbortSignal): Promise<ScrubResult> {
  const result = { objects: 0, bytes: 0, damaged: [] as { type: ObjectType; id: string }[] };
  for (const type of OBJECT_TYPES) {
    if (type === 'locks') continue; // they come and go
    for await (const { id, bytes } of listObjects(repository, type)) {
      signal?.throwIfAborted();
      result.objects += 1;
      result.bytes += bytes;
      const sound = (await sha256OfFile(repository.path({ type, id }))) === id;
      if (!sound && result.damaged.length < DAMAGED_LISTED_MAX) result.damaged.push({ type, id });
    }
  }
  return result;
}

/** SHA-256 of a file in hex, read in chunks. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: READ_CHUNK_BYTES }), hash);
  return hash.digest('hex');
}
