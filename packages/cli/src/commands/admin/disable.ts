import { fill } from '@sekisho/core/errors.ts';
import { disableAdministrator } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `admin disable NAME`: confirmed, since scripts with their API keys stop. */
export const adminDisable = defineVerb({
  path: 'admin disable',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho admin disable head.office' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const { notes } = cli.words.accounts;
      await confirm(cli, [fill(notes.disablePreview, { name })], notes.disableQuestion);
      const changed = await call(disableAdministrator, { params: { id } });
      return { json: changed, text: [fill(notes.disabled, { name })] };
    }),
});
