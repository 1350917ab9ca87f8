import { addClusterNode } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { clusterText } from '../../output/cluster-text.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster add-node NAME NODE` (T-20). */
export const clusterAddNode = defineVerb({
  path: 'cluster add-node',
  args: { name: '<name>', node: '<node>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho cluster add-node files.example.com files-c' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const cluster = await call(addClusterNode, {
        params: { name: args.name ?? '' },
        body: { node: args.node ?? '' },
      });
      return { json: cluster, bare: cluster.name, text: clusterText(cli, cluster) };
    }),
});
