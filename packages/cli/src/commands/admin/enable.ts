import { fill } from '@sekisho/core/errors.ts';
import { enableAdministrator } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { defineVerb } from '../../verb.ts';

/** `admin enable NAME`. */
export const adminEnable = defineVerb({
  path: 'admin enable',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho admin enable head.office' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const changed = await call(enableAdministrator, { params: { id } });
      return { json: changed, text: [fill(cli.words.accounts.notes.enabled, { name })] };
    }),
});
