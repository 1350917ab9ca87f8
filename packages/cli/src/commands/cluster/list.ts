import { listClusters } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { clusterTroubles } from '../../output/cluster-text.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster list` (T-20). */
export const clusterList = defineVerb({
  path: 'cluster list',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho cluster list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const page = await call(listClusters, {});
      const { certificates, labels } = cli.words;
      if (page.clusters.length === 0) return { json: page, text: [certificates.noClusters] };
      return {
        json: page,
        text: renderTable(
          [
            { title: labels.name },
            { title: certificates.clusterNodes },
            { title: certificates.clusterTrouble, right: true },
          ],
          page.clusters.map((cluster) => [
            cluster.name,
            cluster.nodes.map(({ node }) => node).join(', '),
            cli.format.count(clusterTroubles(cli, cluster).length),
          ]),
        ),
      };
    }),
});
