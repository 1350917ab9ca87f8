import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const KIB = 1024;

/** What a file server holds: few large files that cannot be compressed, texts that can, and many small ones. Shares of all bytes. */
const MIX = [
  { name: 'media', share: 0.4, fileBytes: 24 * MIB, text: false },
  { name: 'texts', share: 0.35, fileBytes: 2 * MIB, text: true },
  { name: 'small', share: 0.25, fileBytes: 24 * KIB, text: true },
] as const;
const FILES_PER_FOLDER = 200;

/** Writes so many bytes of mixed files, all different; how many bytes there are in the end. */
export function writeMixedData(folder: string, bytes: number): number {
  let written = 0;
  for (const { name, share, fileBytes, text } of MIX) {
    const files = Math.max(1, Math.round((bytes * share) / fileBytes));
    for (let n = 0; n < files; n += 1) {
      const into = join(folder, name, String(Math.floor(n / FILES_PER_FOLDER)));
      if (n % FILES_PER_FOLDER === 0) mkdirSync(into, { recursive: true });
      // hexadecimal: compresses to about half, as texts and tables do
      const random = randomFillSync(Buffer.allocUnsafe(text ? fileBytes / 2 : fileBytes));
      writeFileSync(join(into, `file-${n}`), text ? random.toString('hex') : random, { mode: 0o600 });
      written += fileBytes;
    }
  }
  return written;
}
