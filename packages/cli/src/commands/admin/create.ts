import { fill } from '@sekisho/core/errors.ts';
import { createAdministrator } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { required, text } from '../../flag.ts';
import { roleFlag } from '../../input/role-flag.ts';
import { administratorText, linkText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin create NAME`: the invitation is printed here and never again. */
export const adminCreate = defineVerb({
  path: 'admin create',
  args: { name: '<name>' },
  flags: { data: serverData, displayName: text('--display-name <text>'), role: required(roleFlag) },
  examples: {
    operator: "sekisho admin create head.office --display-name 'Head Office' --role operator",
    group: 'sekisho admin create branch --role operator@33333333-3333-4333-8333-333333333333',
  },
  run: ({ cli, args, flags }) => {
    const name = args.name ?? '';
    return withServer(cli, flags.data, async ({ call }) => {
      const made = await call(createAdministrator, {
        body: { name, displayName: flags.displayName ?? name, grants: [...flags.role] },
      });
      return {
        json: made,
        bare: made.link.link,
        text: [
          fill(cli.words.accounts.notes.created, { name: made.administrator.name }),
          ...administratorText(cli, made.administrator),
          '',
          ...linkText(cli, made.link, made.administrator.name),
        ],
      };
    });
  },
});
