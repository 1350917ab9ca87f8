import { AppError, fill } from '@sekisho/core/errors.ts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { requiredText } from '../../flag.ts';
import { passphraseFlags } from '../../input/passphrase-flags.ts';
import { readPassphrase } from '../../input/read-passphrase.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { defineVerb } from '../../verb.ts';

/** `cert export` (T-19): under a passphrase, into a file for its owner alone. */
export const certExport = defineVerb({
  path: 'cert export',
  args: {},
  flags: { data: agentData, out: requiredText('--out <file>'), ...passphraseFlags },
  examples: {
    ask: 'sekisho cert export --out web-01.sekisho',
    script: 'sekisho cert export --out web-01.sekisho --passphrase-file passphrase.txt',
  },
  run: async ({ cli, flags }) => {
    const path = resolve(cli.io.cwd, flags.out);
    if (existsSync(path)) throw new AppError('FILE_EXISTS', { path });
    const passphrase = await readPassphrase(cli, { ...flags, isNew: true });
    const { exportIdentity } = await import('@sekisho/agent/setup/export-identity.ts');
    const { text, settings, identity } = await exportIdentity(agentFolder(cli, flags.data), passphrase);
    const file = await writeNewFile(cli, flags.out, text);
    const { hostId, certificate } = identity;
    return {
      json: { file, hostId, name: settings.name, fingerprint: certificate.fingerprint },
      bare: file,
      text: [fill(cli.words.certificates.exportWritten, { path: quoteWord(file), name: settings.name })],
    };
  },
});
