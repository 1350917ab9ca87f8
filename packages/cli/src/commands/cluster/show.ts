import { getCluster } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { clusterText } from '../../output/cluster-text.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster show NAME` (T-20). */
export const clusterShow = defineVerb({
  path: 'cluster show',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho cluster show files.example.com' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const cluster = await call(getCluster, { params: { name: args.name ?? '' } });
      return { json: cluster, text: clusterText(cli, cluster) };
    }),
});
