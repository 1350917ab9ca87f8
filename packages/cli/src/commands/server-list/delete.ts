import { AppError, fill } from '@sekisho/core/errors.ts';
import { deleteServerList } from '@sekisho/core/wire/server-lists.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveList } from '../../client/resolve-list.ts';
import { confirm } from '../../input/confirm.ts';
import { serverListText } from '../../output/server-list-text.ts';
import { defineVerb } from '../../verb.ts';

/** `server-list delete LIST` (F-11): refused while a group has it, and asked otherwise. */
export const serverListDelete = defineVerb({
  path: 'server-list delete',
  args: { list: '<list>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho server-list delete Osaka' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const list = await resolveList(call, args.list ?? '');
      const { serverLists: words } = cli.words;
      const { id, name, groups } = list;
      if (list.isDefault) throw new AppError('SERVER_LIST_DEFAULT', { name });
      if (groups.length > 0)
        throw new AppError('SERVER_LIST_ASSIGNED', {
          name,
          groups: groups.map((one) => one.name).join(', '),
        });
      await confirm(cli, serverListText(cli, list), fill(words.deleteQuestion, { name }));
      const reply = await call(deleteServerList, { params: { id } });
      return { json: reply, text: [fill(words.deleted, { name })] };
    }),
});
