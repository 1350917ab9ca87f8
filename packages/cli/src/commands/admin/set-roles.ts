import { fill } from '@sekisho/core/errors.ts';
import { setGrants } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { required } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { roleFlag } from '../../input/role-flag.ts';
import { rolesText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin set-roles NAME`: confirmed, since it takes away what is not named. */
export const adminSetRoles = defineVerb({
  path: 'admin set-roles',
  args: { name: '<name>' },
  flags: { data: serverData, role: required(roleFlag) },
  examples: { plain: 'sekisho admin set-roles head.office --role operator' },
  run: ({ cli, args, flags }) => {
    const grants = [...flags.role];
    return withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const { notes } = cli.words.accounts;
      const preview = fill(notes.setRolesPreview, { name, roles: rolesText(cli, grants) });
      await confirm(cli, [preview], notes.setRolesQuestion);
      const changed = await call(setGrants, { params: { id }, body: { grants } });
      return { json: changed, text: [fill(notes.rolesSet, { name, roles: rolesText(cli, changed.grants) })] };
    });
  },
});
