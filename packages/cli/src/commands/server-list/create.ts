import { AppError, fill } from '@sekisho/core/errors.ts';
import { createServerList } from '@sekisho/core/wire/server-lists.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { texts } from '../../flag.ts';
import { parseServerEntry } from '../../input/server-entry.ts';
import { defineVerb } from '../../verb.ts';
import { changeFlags, lookThenDo } from './change-list.ts';

/** `server-list create LIST --server SERVER …` (F-10). */
export const serverListCreate = defineVerb({
  path: 'server-list create',
  args: { list: '<list>' },
  flags: { data: serverData, server: texts('--server <server>'), ...changeFlags },
  examples: {
    two: 'sekisho server-list create Osaka --server osaka.example.com --server tokyo.example.com=2',
  },
  run: ({ cli, args, flags }) => {
    if (flags.server.length === 0)
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--server',
        usage: 'sekisho server-list create LIST --server ADDRESS',
      });
    return withServer(cli, flags.data, async ({ call }) => {
      const { serverId } = await call(getDomain, {});
      const name = args.list ?? '';
      const servers = flags.server.map((raw) => parseServerEntry(raw, serverId));
      const { serverLists: words } = cli.words;
      return lookThenDo(
        cli,
        flags,
        words.changeQuestion,
        (dryRun) =>
          call(createServerList, {
            body: { name, servers, dryRun, acceptUnreachable: flags.acceptUnreachable },
          }),
        () => fill(words.created, { name }),
      );
    });
  },
});
