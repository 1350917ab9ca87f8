import { AppError } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';
import { readTextFile } from './read-file.ts';

const SECRET_FILE_BYTES_MAX = 8 * 1024;

/** Where a secret may come from: never the command line, which every user of the machine can read. */
export interface SecretSource {
  /** A file, or `-` for standard input. */
  readonly file: string | undefined;
  /** The name of an environment variable. */
  readonly env: string | undefined;
}

/**
 * The text of a secret's source with the source's name; undefined when none was named.
 * Refusals: FILE_NOT_READABLE, FILE_TOO_LARGE, USAGE_OPTIONS_CONFLICT.
 */
export async function readSecret(
  cli: Cli,
  { file, env }: SecretSource,
  what: 'token' | 'passphrase',
): Promise<{ text: string; source: string } | undefined> {
  if (file !== undefined && env !== undefined) {
    throw new AppError('USAGE_OPTIONS_CONFLICT', { options: `--${what}-file, --${what}-env` });
  }
  if (file !== undefined) {
    const text = await readTextFile(cli, file, SECRET_FILE_BYTES_MAX);
    return { text, source: file === '-' ? 'stdin' : file };
  }
  return env === undefined ? undefined : { text: cli.io.env[env] ?? '', source: `$${env}` };
}
