import { fill } from '@sekisho/core/errors.ts';
import { deleteApplication, getApplication } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `application delete NAME`: confirmed, since the hosts can restore each other's backups no longer. */
export const applicationDelete = defineVerb({
  path: 'application delete',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho application delete sql-vip.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { applications: words } = cli.words;
      const { name, hosts } = await call(getApplication, { params: { name: args.name ?? '' } });
      const names = hosts.map((host) => host.name).join(', ');
      await confirm(cli, [fill(words.deletePreview, { name, hosts: names })], words.deleteQuestion);
      const reply = await call(deleteApplication, { params: { name } });
      return { json: reply, text: [fill(words.deleted, { name })] };
    }),
});
