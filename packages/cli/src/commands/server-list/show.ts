import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { serverListText } from '../../output/server-list-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list show LIST` (F-10). */
export const serverListShow = defineVerb({
  path: 'server-list show',
  args: { list: '<list>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho server-list show default' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const list = await resolveList(call, args.list ?? '');
      return { json: list, text: serverListText(cli, list) };
    }),
});
