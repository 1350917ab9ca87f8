import { fill } from '@sekisho/core/errors.ts';
import { createServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, lookThenDo } from './change-list.ts';

/** `server-list copy LIST NAME` (F-11). */
export const serverListCopy = defineVerb({
  path: 'server-list copy',
  args: { list: '<list>', name: '<name>' },
  flags: { data: serverData, ...changeFlags },
  examples: { plain: 'sekisho server-list copy default Osaka' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveList(call, args.list ?? '');
      const name = args.name ?? '';
      const { serverLists: words } = cli.words;
      return lookThenDo(
        cli,
        flags,
        words.changeQuestion,
        (dryRun) =>
          call(createServerList, {
            body: { name, copyOf: id, dryRun, acceptUnreachable: flags.acceptUnreachable },
          }),
        () => fill(words.created, { name }),
      );
    }),
});
