import { removeClusterNode } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { clusterText } from '../../output/cluster-text.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster remove-node NAME NODE` (T-20). */
export const clusterRemoveNode = defineVerb({
  path: 'cluster remove-node',
  args: { name: '<name>', node: '<node>' },
  flags: { data: serverData },
  examples: { plain: 'sekisho cluster remove-node files.example.com files-a' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const cluster = await call(removeClusterNode, {
        params: { name: args.name ?? '', node: args.node ?? '' },
      });
      return { json: cluster, bare: cluster.name, text: clusterText(cli, cluster) };
    }),
});
