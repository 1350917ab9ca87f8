import { fill } from '@sekisho/core/errors.ts';
import { toPem } from '@sekisho/pki/pem.ts';
import { hostname } from 'node:os';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { on, requiredText, text, texts } from '../../flag.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `cert request` (T-17): on a host with no route to the server; the key stays here. */
export const certRequest = defineVerb({
  path: 'cert request',
  args: {},
  flags: {
    data: agentData,
    out: requiredText('--out <file>'),
    name: text('--name <name>'),
    alias: texts('--alias <name>'),
    media: on('--media'),
    reissue: on('--reissue'),
  },
  examples: {
    plain: 'sekisho cert request --out web-01.csr',
    again: 'sekisho cert request --reissue --name web-01.example.com --out web-01.csr',
  },
  run: async ({ cli, flags }) => {
    const { makeManualRequest } = await import('@sekisho/agent/setup/manual-request.ts');
    const csr = await makeManualRequest({
      dataFolder: agentFolder(cli, flags.data),
      name: flags.name ?? hostname(),
      names: flags.alias,
      media: flags.media,
      reissue: flags.reissue,
    });
    const file = await writeNewFile(cli, flags.out, toPem('CERTIFICATE REQUEST', csr.der));
    const { certificates } = cli.words;
    return {
      json: { file, name: csr.commonName, sha256: csr.sha256 },
      bare: csr.sha256,
      text: [
        fill(certificates.requestWritten, { path: quoteWord(file) }),
        ...groupFingerprint(csr.sha256).map((line) => `    ${line}`),
        fill(certificates.requestNext, { file: quoteWord(flags.out) }),
      ],
    };
  },
});
