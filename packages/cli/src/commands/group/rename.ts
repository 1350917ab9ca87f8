import { fill } from '@sekisho/core/errors.ts';
import { renameGroup } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { defineVerb } from '../../verb.ts';

/** `group rename GROUP NAME` (F-01). */
export const groupRename = defineVerb({
  path: 'group rename',
  args: { group: '<group>', name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho group rename Tokyo 東京' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveGroup(call, args.group ?? '');
      const group = await call(renameGroup, { params: { id }, body: { name: args.name ?? '' } });
      return {
        json: group,
        bare: group.id,
        text: [fill(cli.words.groups.renamed, { name: group.name })],
      };
    }),
});
