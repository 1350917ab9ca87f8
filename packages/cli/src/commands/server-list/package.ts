import { AppError, fill } from '@sekisho/core/errors.ts';
import { exportPackage } from '@sekisho/core/wire/server-lists.ts';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { requiredText } from '../../flag.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list package LIST --out FILE` (F-13). */
export const serverListPackage = defineVerb({
  path: 'server-list package',
  args: { list: '<list>' },
  flags: { data: serverData, out: requiredText('--out <file>') },
  examples: { plain: 'sekisho server-list package default --out repair.json' },
  run: ({ cli, args, flags }) => {
    const path = resolve(cli.io.cwd, flags.out);
    if (flags.out !== '-' && existsSync(path)) throw new AppError('FILE_EXISTS', { path });
    return withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveList(call, args.list ?? '');
      const { file: content, ...made } = await call(exportPackage, { params: { id } });
      if (flags.out === '-')
        return { json: { ...made, content }, bare: content.trimEnd(), text: [content.trimEnd()] };
      const file = await writeNewFile(cli, flags.out, content);
      const { serverLists: words } = cli.words;
      return {
        json: { ...made, file },
        bare: file,
        text: [
          fill(words.packaged, { file: quoteWord(file) }),
          fill(words.packageUse, { file: quoteWord(basename(file)) }),
          words.packageFingerprint,
          ...groupFingerprint(made.caFingerprint).map((line) => `  ${line}`),
        ],
      };
    });
  },
});
