import { fill } from '@sekisho/core/errors.ts';
import { exportServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { text } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list export LIST` (F-11). */
export const serverListExport = defineVerb({
  path: 'server-list export',
  args: { list: '<list>' },
  flags: { data: serverData, out: text('--out <file>') },
  examples: { plain: 'sekisho server-list export Osaka --out osaka.json' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveList(call, args.list ?? '');
      const content = await call(exportServerList, { params: { id } });
      const json = JSON.stringify(content, null, 2);
      if (flags.out === undefined) return { json: content, bare: json, text: json.split('\n') };
      const file = await writeNewFile(cli, flags.out, `${json}\n`);
      return {
        json: { file },
        bare: file,
        text: [fill(cli.words.serverLists.exported, { file: quoteWord(file) })],
      };
    }),
});
