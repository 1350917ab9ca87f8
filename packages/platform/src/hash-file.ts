import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Hash and length of a file, read in pieces; no more than a byte beyond `bytesMax` is read. */
export async function hashFile(
  path: string,
  bytesMax: number,
): Promise<{ sha256: Sha256Hex; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path);
  try {
    for await (const piece of file.createReadStream({ end: bytesMax, autoClose: false })) {
      const part = piece as Buffer;
      hash.update(part);
      bytes += part.byteLength;
    }
  } finally {
    await file.close();
  }
  return { sha256: sha256Hex.parse(hash.digest('hex')), bytes };
}
