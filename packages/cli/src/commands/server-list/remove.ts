import { AppError } from '@sekisho/core/errors.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { placeOf, resolveList } from '../../client/resolve-list.ts';
import { parseListedPlace } from '../../input/server-entry.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, changeServers, entriesOf } from './change-list.ts';

/** `server-list remove LIST SERVER` (F-10). */
export const serverListRemove = defineVerb({
  path: 'server-list remove',
  args: { list: '<list>', server: '<server>' },
  flags: { data: serverData, ...changeFlags },
  examples: { plain: 'sekisho server-list remove Osaka old.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const list = await resolveList(call, args.list ?? '');
      const place = parseListedPlace(args.server ?? '');
      const at = placeOf(list, place);
      if (list.servers.length === 1)
        throw new AppError('SERVER_LIST_LAST_ENTRY', { server: serverName(place), name: list.name });
      const servers = entriesOf(list).filter((_, index) => index !== at);
      return changeServers(cli, call, list, servers, flags);
    }),
});
