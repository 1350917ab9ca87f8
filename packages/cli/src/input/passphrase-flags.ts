import { text } from '../flag.ts';

/** Where a verb takes a passphrase from; without them it asks. */
export const passphraseFlags = {
  passphraseFile: text('--passphrase-file <file>'),
  passphraseEnv: text('--passphrase-env <variable>'),
};
