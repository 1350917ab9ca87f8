import { fill } from '@sekisho/core/errors.ts';
import { replaceServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list rename LIST NAME` (F-11): hosts are told nothing, they know lists by their IDs. */
export const serverListRename = defineVerb({
  path: 'server-list rename',
  args: { list: '<list>', name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho server-list rename Osaka Kansai' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, revision } = await resolveList(call, args.list ?? '');
      const name = args.name ?? '';
      const changed = await call(replaceServerList, { params: { id }, body: { revision, name } });
      return { json: changed, text: [fill(cli.words.serverLists.renamed, { name })] };
    }),
});
