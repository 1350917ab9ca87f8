import { AppError } from '@sekisho/core/errors.ts';
import { PASSPHRASE_LENGTH_MAX, PASSPHRASE_LENGTH_MIN } from '@sekisho/core/limits.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Cli } from '../cli.ts';
import { canAsk } from './confirm.ts';
import { promptSecret } from './prompt.ts';
import { readTextFile } from './read-file.ts';

const PASSPHRASE_FILE_BYTES_MAX = 8 * 1024;

/**
 * A passphrase from a file, standard input (`-`), an environment variable, or typed unseen (twice when it is new); never
 * from the command line. Refusals: PASSPHRASE_NEEDED, PASSPHRASE_LENGTH, PASSPHRASES_DIFFER, USAGE_OPTIONS_CONFLICT.
 */
export async function readPassphrase(
  cli: Cli,
  from: {
    readonly passphraseFile: string | undefined;
    readonly passphraseEnv: string | undefined;
    readonly isNew: boolean;
  },
): Promise<Secret> {
  const { passphraseFile: file, passphraseEnv: variable } = from;
  if (file !== undefined && variable !== undefined)
    throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--passphrase-file, --passphrase-env' });
  if (file !== undefined) {
    const [line = ''] = (await readTextFile(cli, file, PASSPHRASE_FILE_BYTES_MAX)).split(/\r?\n/);
    return checked(line);
  }
  if (variable !== undefined) return checked(cli.io.env[variable] ?? '');
  if (!canAsk(cli)) throw new AppError('PASSPHRASE_NEEDED');
  const { notes } = cli.words;
  const typed = checked(await promptSecret(cli, notes.passphraseQuestion));
  if (from.isNew && (await promptSecret(cli, notes.passphraseAgain)) !== typed.reveal())
    throw new AppError('PASSPHRASES_DIFFER');
  return typed;
}

function checked(passphrase: string): Secret {
  if (passphrase.length >= PASSPHRASE_LENGTH_MIN && passphrase.length <= PASSPHRASE_LENGTH_MAX)
    return new Secret(passphrase);
  throw new AppError('PASSPHRASE_LENGTH', { min: PASSPHRASE_LENGTH_MIN, max: PASSPHRASE_LENGTH_MAX });
}
