import { fill } from '@sekisho/core/errors.ts';
import { assignServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, lookThenDo } from './change-list.ts';

/** `server-list assign LIST GROUP` (F-11). */
export const serverListAssign = defineVerb({
  path: 'server-list assign',
  args: { list: '<list>', group: '<group>' },
  flags: { data: serverData, ...changeFlags },
  examples: {
    look: 'sekisho server-list assign Osaka Tokyo --dry-run',
    plain: 'sekisho server-list assign Osaka Tokyo',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveList(call, args.list ?? '');
      const group = await resolveGroup(call, args.group ?? '');
      const { serverLists: words } = cli.words;
      return lookThenDo(
        cli,
        flags,
        words.assignQuestion,
        (dryRun) =>
          call(assignServerList, {
            params: { id, group: group.id },
            body: { dryRun, acceptUnreachable: flags.acceptUnreachable },
          }),
        ({ hosts }) =>
          fill(words.assigned, { name, group: group.name, hosts: cli.format.counted('host', hosts) }),
      );
    }),
});
