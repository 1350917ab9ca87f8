import { fill } from '@sekisho/core/errors.ts';
import { unlinkOidc } from '@sekisho/core/wire/oidc.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { defineVerb } from '../../verb.ts';

/** `admin unlink-oidc NAME`. */
export const adminUnlinkOidc = defineVerb({
  path: 'admin unlink-oidc',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho admin unlink-oidc head.office' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const changed = await call(unlinkOidc, { params: { id } });
      return { json: changed, text: [fill(cli.words.access.notes.unlinked, { name })] };
    }),
});
