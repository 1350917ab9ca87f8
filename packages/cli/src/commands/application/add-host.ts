import { fill } from '@sekisho/core/errors.ts';
import { addApplicationHost, getApplication } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `application add-host NAME HOST`: confirmed, since the host may read the others' backups from then on. */
export const applicationAddHost = defineVerb({
  path: 'application add-host',
  args: { name: '<name>', host: '<host>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho application add-host sql-vip.example.com sql-03' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { applications: words } = cli.words;
      const host = await resolveHost(call, args.host ?? '');
      const { name, hosts } = await call(getApplication, { params: { name: args.name ?? '' } });
      const names = [...new Set([...hosts.map((one) => one.name), host.name])].join(', ');
      const facts = { name, host: host.name };
      await confirm(cli, [fill(words.grants, { hosts: names })], fill(words.addQuestion, facts));
      const mapping = await call(addApplicationHost, { params: { name }, body: { hostId: host.id } });
      return { json: mapping, bare: mapping.name, text: [fill(words.added, facts)] };
    }),
});
