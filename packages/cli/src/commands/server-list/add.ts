import { getDomain } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { texts } from '../../flag.ts';
import { parseAcceptedKeys, parseServerEntry } from '../../input/server-entry.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, changeServers, entriesOf } from './change-list.ts';

/** `server-list add LIST SERVER` (F-10). */
export const serverListAdd = defineVerb({
  path: 'server-list add',
  args: { list: '<list>', server: '<server>' },
  flags: { data: serverData, acceptKey: texts('--accept-key <sha256>'), ...changeFlags },
  examples: { plain: 'sekisho server-list add Osaka tokyo.example.com=2' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const list = await resolveList(call, args.list ?? '');
      const { serverId } = await call(getDomain, {});
      const added = parseServerEntry(args.server ?? '', serverId, parseAcceptedKeys(flags.acceptKey));
      return changeServers(cli, call, list, [...entriesOf(list), added], flags);
    }),
});
