import { AppError } from '@sekisho/core/errors.ts';
import { createCluster } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { texts } from '../../flag.ts';
import { clusterText } from '../../output/cluster-text.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster create NAME --node NODE …` (T-20). */
export const clusterCreate = defineVerb({
  path: 'cluster create',
  args: { name: '<name>' },
  flags: { data: serverData, node: texts('--node <node>') },
  examples: { two: 'sekisho cluster create files.example.com --node files-a --node files-b' },
  run: ({ cli, args, flags }) => {
    if (flags.node.length === 0)
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--node',
        usage: 'sekisho cluster create NAME --node NODE --node NODE',
      });
    return withServer(cli, flags.data, async ({ call }) => {
      const cluster = await call(createCluster, { body: { name: args.name ?? '', nodes: [...flags.node] } });
      return { json: cluster, bare: cluster.name, text: clusterText(cli, cluster) };
    });
  },
});
