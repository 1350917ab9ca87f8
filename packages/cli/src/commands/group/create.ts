import { AppError, fill } from '@sekisho/core/errors.ts';
import { createGroup, listGroups } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { findGroup } from '../../client/resolve-group.ts';
import { text } from '../../flag.ts';
import { pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

const COMMAND = 'sekisho group create';

/** `group create NAME --under GROUP` (F-01). */
export const groupCreate = defineVerb({
  path: 'group create',
  args: { name: '<name>' },
  flags: { data: serverData, under: text('--under <group>') },
  examples: { plain: 'sekisho group create Tokyo', under: 'sekisho group create Web --under Tokyo' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { groups } = await call(listGroups, {});
      const parent =
        flags.under === undefined
          ? groups.find(({ parentId }) => parentId === null)
          : findGroup(groups, flags.under);
      // whoever is limited to a part of the tree does not see the root
      if (parent === undefined)
        throw new AppError('USAGE_OPTION_MISSING', {
          command: COMMAND,
          option: '--under <group>',
          help: `${COMMAND} --help`,
        });
      const group = await call(createGroup, { body: { name: args.name ?? '', parentId: parent.id } });
      return {
        json: group,
        bare: group.id,
        text: [fill(cli.words.groups.created, { path: pathText(group.path) })],
      };
    }),
});
