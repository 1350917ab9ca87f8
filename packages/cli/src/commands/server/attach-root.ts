import { ROOT_PACKAGE_LENGTH_MAX } from '@sekisho/core/limits.ts';
import { attachRoot } from '@sekisho/core/wire/root.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { requiredText } from '../../flag.ts';
import { passphraseFlags } from '../../input/passphrase-flags.ts';
import { readTextFile } from '../../input/read-file.ts';
import { readPassphrase } from '../../input/read-passphrase.ts';
import { rootText } from '../../output/root-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server attach-root`: brings the key back. */
export const serverAttachRoot = defineVerb({
  path: 'server attach-root',
  args: {},
  flags: { data: serverData, in: requiredText('--in <file>'), ...passphraseFlags },
  examples: { stick: 'sekisho server attach-root --in /media/usb-stick/root.sekisho' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const stored = await readTextFile(cli, flags.in, ROOT_PACKAGE_LENGTH_MAX);
      const passphrase = (await readPassphrase(cli, { ...flags, isNew: false })).reveal();
      const view = await call(attachRoot, { body: { passphrase, package: stored } });
      return { json: view, bare: view.state, text: rootText(cli, view) };
    }),
});
