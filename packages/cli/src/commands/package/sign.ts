import { fill } from '@sekisho/core/errors.ts';
import { signPackage } from '@sekisho/core/wire/packages.ts';
import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { describePackage } from '../../input/describe-package.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `package sign FILE` (F-04): the signature is written beside the file, and both are carried to the host. */
export const packageSign = defineVerb({
  path: 'package sign',
  args: { file: '<file>' },
  flags: { data: serverData, minimumVersion: text('--minimum-version <version>') },
  examples: { plain: 'sekisho package sign sekisho_0.2.0_amd64.deb' },
  run: async ({ cli, args, flags: given }) => {
    const file = resolve(cli.io.cwd, args.file ?? '');
    const content = await describePackage(file, given.minimumVersion);
    return withServer(cli, given.data, async ({ call }) => {
      const { signature, ...signed } = await call(signPackage, { body: { ...content, publish: false } });
      const beside = `${file}.signature`;
      await writeFile(beside, signature, { mode: 0o644 });
      const { packages: words } = cli.words;
      return {
        json: { ...signed, signatureFile: beside },
        bare: beside,
        text: [
          fill(words.signed, { file: basename(file), version: signed.version, sha256: signed.sha256 }),
          fill(words.carry, { file: quoteWord(basename(file)), signature: quoteWord(basename(beside)) }),
        ],
      };
    });
  },
});
