import { AppError } from '@sekisho/core/errors.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cli } from '../cli.ts';
import { codeOf } from '../client/data-folder.ts';

/** Writes a file that must not be there yet, for its owner alone; gives its absolute path. Refusals: FILE_EXISTS, FILE_NOT_WRITABLE. */
export async function writeNewFile(cli: Cli, path: string, content: string): Promise<string> {
  const file = resolve(cli.io.cwd, path);
  if (existsSync(file)) throw new AppError('FILE_EXISTS', { path: file });
  try {
    await writeDurably(file, content, { mode: 0o600 });
  } catch (error) {
    throw new AppError('FILE_NOT_WRITABLE', { path: file, reason: codeOf(error) ?? '' }, { cause: error });
  }
  return file;
}
