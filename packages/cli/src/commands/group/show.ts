import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { groupDetailText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** `group show GROUP` (F-01). */
export const groupShow = defineVerb({
  path: 'group show',
  args: { group: '<group>' },
  flags: { data: serverData },
  examples: { path: "sekisho group show 'All hosts/Tokyo'" },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const group = await resolveGroup(call, args.group ?? '');
      return { json: group, bare: group.id, text: groupDetailText(cli, group) };
    }),
});
