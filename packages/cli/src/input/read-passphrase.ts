import { AppError } from '@sekisho/core/errors.ts';
import { PASSPHRASE_LENGTH_MAX, PASSPHRASE_LENGTH_MIN } from '@sekisho/core/limits.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Cli } from '../cli.ts';
import { canAsk } from './confirm.ts';
import { promptSecret } from './prompt.ts';
import { readSecret } from './read-secret.ts';

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
  const found = await readSecret(cli, { file: from.passphraseFile, env: from.passphraseEnv }, 'passphrase');
  if (found !== undefined) return checked(found.text.split(/\r?\n/)[0] ?? '');
  if (cli.json || !canAsk(cli)) throw new AppError('PASSPHRASE_NEEDED');
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
