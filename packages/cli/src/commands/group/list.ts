import { listGroups } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { lockedText, ownText } from '../../output/group-text.ts';
import { terminalTable } from '../../output/terminal-table.ts';
import { defineVerb } from '../../verb.ts';

/** `group list` (F-01). */
export const groupList = defineVerb({
  path: 'group list',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho group list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listGroups, {});
      const { groups, labels } = cli.words;
      return {
        json: page,
        text: terminalTable(
          cli,
          [
            { title: groups.group, shrinks: true },
            { title: groups.hosts, right: true },
            { title: groups.inherits, goes: 2 },
            { title: groups.own, shrinks: true },
            { title: groups.locked, shrinks: true },
            { title: labels.id, goes: 1 },
          ],
          page.groups.map((group) => [
            // those of a limited reach begin somewhere in the tree
            `${'  '.repeat(group.path.length - (page.groups[0]?.path.length ?? 1))}${group.name}`,
            cli.format.count(group.hosts),
            cli.format.yesNo(group.inherits),
            ownText(cli, group, []),
            lockedText(group.locked),
            group.id,
          ]),
        ),
      };
    }),
});
