import { fill } from '@sekisho/core/errors.ts';
import { unassignServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, lookThenDo } from './change-list.ts';

/** `server-list unassign LIST GROUP` (F-11). */
export const serverListUnassign = defineVerb({
  path: 'server-list unassign',
  args: { list: '<list>', group: '<group>' },
  flags: { data: serverData, dryRun: changeFlags.dryRun },
  examples: { plain: 'sekisho server-list unassign Osaka Tokyo' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveList(call, args.list ?? '');
      const group = await resolveGroup(call, args.group ?? '');
      const { serverLists: words } = cli.words;
      return lookThenDo(
        cli,
        { dryRun: flags.dryRun, acceptUnreachable: true },
        words.unassignQuestion,
        (dryRun) =>
          call(unassignServerList, {
            params: { id, group: group.id },
            query: { dryRun: dryRun ? 'true' : 'false' },
          }),
        ({ hosts }) =>
          fill(words.unassigned, { group: group.name, hosts: cli.format.counted('host', hosts) }),
      );
    }),
});
