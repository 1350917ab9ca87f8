import { listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { serverListsTable } from '../../output/server-list-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list list` (F-10). */
export const serverListList = defineVerb({
  path: 'server-list list',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho server-list list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listServerLists, {});
      return { json: page, text: serverListsTable(cli, page.lists) };
    }),
});
