import { resetAdministrator } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { linkText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin reset NAME`: what is there works until the link is used, so nothing is asked. */
export const adminReset = defineVerb({
  path: 'admin reset',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho admin reset head.office' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const link = await call(resetAdministrator, { params: { id } });
      return { json: link, bare: link.link, text: linkText(cli, link, name) };
    }),
});
