import { AppError } from '@sekisho/core/errors.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Cli } from '../cli.ts';
import { readTextFile } from './read-file.ts';

const TOKEN_FILE_BYTES_MAX = 4_096;

/**
 * An authorization token from a file, standard input (`-`) or an environment variable, never from the command line.
 * Undefined when no source was named. Refusals: TOKEN_SOURCE_EMPTY, FILE_NOT_READABLE, USAGE_OPTIONS_CONFLICT.
 */
export async function readToken(
  cli: Cli,
  from: { readonly tokenFile: string | undefined; readonly tokenEnv: string | undefined },
): Promise<Secret | undefined> {
  if (from.tokenFile !== undefined && from.tokenEnv !== undefined) {
    throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--token-file, --token-env' });
  }
  if (from.tokenFile !== undefined) {
    const text = await readTextFile(cli, from.tokenFile, TOKEN_FILE_BYTES_MAX);
    return secretOf(text, from.tokenFile === '-' ? 'stdin' : from.tokenFile);
  }
  if (from.tokenEnv !== undefined) return secretOf(cli.io.env[from.tokenEnv] ?? '', `$${from.tokenEnv}`);
  return undefined;
}

function secretOf(text: string, source: string): Secret {
  const token = text.trim().split(/\s/)[0] ?? '';
  if (token === '') throw new AppError('TOKEN_SOURCE_EMPTY', { source });
  return new Secret(token);
}
