import * as wire from '@sekisho/core/wire/clusters.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { createToken } from '../tokens/create-token.ts';
import { viewToken } from '../tokens/tokens.routes.ts';
import { addNode, createCluster, deleteCluster, removeNode } from './change-clusters.ts';
import { selectClusters } from './cluster-rows.ts';
import { hostsOfNodes, requireCluster, viewCluster } from './read-clusters.ts';

const REISSUE_VALID_SECONDS = 86_400;

/** T-20 Clusters: hosts that share a virtual name. */
export function clusterRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  const shown = async (name: string) => viewCluster(context, await requireCluster(store.db, name));
  mount(app, wire.createCluster, async ({ body, principal }) =>
    shown(await createCluster(context, body, principal)),
  );
  mount(app, wire.listClusters, async () => {
    const clusters = [];
    for (const cluster of await selectClusters(store.db)) clusters.push(await viewCluster(context, cluster));
    return { clusters };
  });
  mount(app, wire.getCluster, ({ params }) => shown(params.name));
  mount(app, wire.addClusterNode, async ({ params, body, principal }) =>
    shown(await addNode(context, { ...params, ...body }, principal)),
  );
  mount(app, wire.removeClusterNode, async ({ params, principal }) =>
    shown(await removeNode(context, params, principal)),
  );
  mount(app, wire.deleteCluster, async ({ params, principal }) => ({
    deleted: await deleteCluster(context, params.name, principal),
  }));
  mount(app, wire.reissueClusterTokens, async ({ params, body, principal }) => {
    const cluster = await requireCluster(store.db, params.name);
    const hosts = await hostsOfNodes(store.db, cluster.nodes);
    const tokens = [];
    for (const node of hosts.keys()) {
      const { token, secret } = await createToken(
        context,
        {
          name: body.tokenName ?? cluster.name,
          usesMax: 1,
          validSeconds: REISSUE_VALID_SECONDS,
          hostName: null,
          media: false,
          reissueFor: node,
        },
        principal,
      );
      tokens.push({ node, token: { ...viewToken(token, clock.nowMs()), token: secret.reveal() } });
    }
    return { tokens, withoutHost: cluster.nodes.filter((node) => !hosts.has(node)) };
  });
}
