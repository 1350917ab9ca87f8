import { fill } from '@sekisho/core/errors.ts';
import { removeApplicationHost } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { defineVerb } from '../../verb.ts';

/** `application remove-host NAME HOST`. */
export const applicationRemoveHost = defineVerb({
  path: 'application remove-host',
  args: { name: '<name>', host: '<host>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho application remove-host sql-vip.example.com sql-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = await resolveHost(call, args.host ?? '');
      const mapping = await call(removeApplicationHost, {
        params: { name: args.name ?? '', hostId: host.id },
      });
      const facts = { name: mapping.name, host: host.name };
      return { json: mapping, bare: mapping.name, text: [fill(cli.words.applications.removed, facts)] };
    }),
});
