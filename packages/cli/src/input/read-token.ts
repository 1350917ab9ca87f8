import { AppError } from '@sekisho/core/errors.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Cli } from '../cli.ts';
import { readSecret, type SecretSource } from './read-secret.ts';

/**
 * An authorization token from a file, standard input or an environment variable; undefined when no source was named.
 * Refusals: TOKEN_SOURCE_EMPTY, and those of reading a secret.
 */
export async function readToken(cli: Cli, from: SecretSource): Promise<Secret | undefined> {
  const found = await readSecret(cli, from, 'token');
  if (found === undefined) return undefined;
  const token = found.text.trim().split(/\s/)[0] ?? '';
  if (token === '') throw new AppError('TOKEN_SOURCE_EMPTY', { source: found.source });
  return new Secret(token);
}
