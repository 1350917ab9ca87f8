import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { groupPathOf } from '../../client/resolve-group.ts';
import { hostDetailText } from '../../output/host-text.ts';
import { defineVerb } from '../../verb.ts';

/** `host show HOST`. */
export const hostShow = defineVerb({
  path: 'host show',
  args: { host: '<host>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho host show web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const host = await resolveHost(call, args.host ?? '');
      return {
        json: host,
        bare: host.id,
        text: hostDetailText(cli, host, await groupPathOf(call, host.group)),
      };
    }),
});
