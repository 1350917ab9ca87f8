import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { administratorText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin show NAME`. */
export const adminShow = defineVerb({
  path: 'admin show',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho admin show head.office' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const found = await resolveAdministrator(call, args.name ?? '');
      return { json: found, text: administratorText(cli, found) };
    }),
});
