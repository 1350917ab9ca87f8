import { AppError, fill } from '@sekisho/core/errors.ts';
import { ROOT_PACKAGE_LENGTH_MAX } from '@sekisho/core/limits.ts';
import { detachRoot, exportRoot } from '@sekisho/core/wire/root.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { requiredText } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { passphraseFlags } from '../../input/passphrase-flags.ts';
import { readTextFile } from '../../input/read-file.ts';
import { readPassphrase } from '../../input/read-passphrase.ts';
import { rootText } from '../../output/root-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server detach-root` (T-01): the key goes into a file under a passphrase, which is read back before the server lets go. */
export const serverDetachRoot = defineVerb({
  path: 'server detach-root',
  args: {},
  flags: { data: serverData, out: requiredText('--out <file>'), ...passphraseFlags },
  examples: {
    stick: 'sekisho server detach-root --out /media/usb-stick/root.sekisho',
    script: 'sekisho server detach-root --out root.sekisho --passphrase-file passphrase.txt --yes',
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const file = resolve(cli.io.cwd, flags.out);
      if (existsSync(file)) throw new AppError('FILE_EXISTS', { path: file });
      const { notes } = cli.words;
      await confirm(cli, [fill(notes.detachPreview, { path: file })], notes.detachQuestion);
      const passphrase = (await readPassphrase(cli, { ...flags, isNew: true })).reveal();
      const exported = await call(exportRoot, { body: { passphrase } });
      try {
        await writeDurably(file, exported.package, { mode: 0o600 });
      } catch (error) {
        throw new AppError(
          'FILE_NOT_WRITABLE',
          { path: file, reason: codeOf(error) ?? '' },
          { cause: error },
        );
      }
      const stored = await readTextFile(cli, file, ROOT_PACKAGE_LENGTH_MAX);
      const view = await call(detachRoot, { body: { passphrase, package: stored } });
      return {
        json: view,
        bare: view.state,
        text: [...rootText(cli, view), fill(notes.detached, { path: file })],
      };
    }),
});
