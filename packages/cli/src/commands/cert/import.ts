import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { passphraseFlags } from '../../input/passphrase-flags.ts';
import { readTextFile } from '../../input/read-file.ts';
import { readPassphrase } from '../../input/read-passphrase.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `cert import FILE` (T-19): what `cert export` saved. */
export const certImport = defineVerb({
  path: 'cert import',
  args: { file: '<file>' },
  flags: { data: agentData, ...passphraseFlags },
  examples: { ask: 'sekisho cert import web-01.sekisho' },
  run: async ({ cli, args, flags }) => {
    const { EXPORT_BYTES_MAX, importIdentity } = await import('@sekisho/agent/setup/export-identity.ts');
    const text = await readTextFile(cli, args.file ?? '', EXPORT_BYTES_MAX);
    const passphrase = await readPassphrase(cli, { ...flags, isNew: false });
    const dataFolder = agentFolder(cli, flags.data);
    const { settings, identity, checked } = await importIdentity({
      dataFolder,
      text,
      passphrase,
      clock: cli.io.clock,
      random: cli.io.random,
      log: createLog({ name: 'agent', level: 'warn' }),
    });
    const { certificates, notes } = cli.words;
    const { hostId, certificate } = identity;
    return {
      json: { hostId, name: settings.name, fingerprint: certificate.fingerprint, checked },
      bare: hostId,
      text: [
        fill(certificates.imported, {
          name: settings.name,
          until: cli.format.timeWithZone(certificate.notAfterMs),
        }),
        ...(checked ? [] : [certificates.importUnchecked]),
        fill(notes.agentNext, { data: quoteWord(dataFolder) }),
      ],
    };
  },
});
