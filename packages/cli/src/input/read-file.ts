import { AppError } from '@sekisho/core/errors.ts';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cli } from '../cli.ts';
import { codeOf } from '../client/data-folder.ts';

/**
 * The text of a file, or of standard input for `-`, of at most so many bytes.
 * Refusals: FILE_NOT_READABLE, FILE_TOO_LARGE.
 */
export async function readTextFile(cli: Cli, path: string, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of path === '-' ? cli.io.stdin : await openFile(resolve(cli.io.cwd, path))) {
      const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > bytesMax) throw new AppError('FILE_TOO_LARGE', { path, limitBytes: bytesMax });
      chunks.push(buffer);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('FILE_NOT_READABLE', { path, reason: codeOf(error) ?? 'unknown' }, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function openFile(path: string): Promise<NodeJS.ReadableStream> {
  const handle = await open(path, 'r');
  return handle.createReadStream();
}
