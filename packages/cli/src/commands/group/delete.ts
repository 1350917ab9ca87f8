import { AppError, fill } from '@sekisho/core/errors.ts';
import { deleteGroup } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { confirm } from '../../input/confirm.ts';
import { pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** `group delete GROUP` (F-01): of an empty group alone. */
export const groupDelete = defineVerb({
  path: 'group delete',
  args: { group: '<group>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho group delete Tokyo' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { groups } = cli.words;
      const { id, name, path, hosts, groups: below } = await resolveGroup(call, args.group ?? '');
      // what will be refused is not asked about
      if (hosts + below > 0) throw new AppError('GROUP_NOT_EMPTY', { name, hosts, groups: below });
      await confirm(cli, [fill(groups.deletePreview, { path: pathText(path) })], groups.deleteQuestion);
      const reply = await call(deleteGroup, { params: { id } });
      return { json: reply, text: [fill(groups.deleted, { path: pathText(path) })] };
    }),
});
