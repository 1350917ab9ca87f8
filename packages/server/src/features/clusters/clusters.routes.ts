import * as wire from '@sekisho/core/wire/clusters.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { preconditionOf, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import { createToken } from '../tokens/create-token.ts';
import { viewToken } from '../tokens/tokens.routes.ts';
import { addNode, clusterTag, createCluster, deleteCluster, removeNode } from './change-clusters.ts';
import { selectClusters } from './cluster-rows.ts';
import { hostsOfNodes, requireCluster, viewCluster } from './read-clusters.ts';

const REISSUE_VALID_SECONDS = 86_400;

/** T-20 Clusters: hosts that share a virtual name. */
export function clusterRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  const shown = async (name: string, reply: FastifyReply) => {
    const cluster = await requireCluster(store.db, name);
    sendTag(reply, clusterTag(cluster));
    return viewCluster(context, cluster);
  };
  mount(app, wire.createCluster, async ({ body, principal, reply }) =>
    shown(await createCluster(context, body, principal), reply),
  );
  mount(app, wire.listClusters, async () => {
    const clusters = [];
    for (const cluster of await selectClusters(store.db)) clusters.push(await viewCluster(context, cluster));
    return { clusters };
  });
  mount(app, wire.getCluster, ({ params, reply }) => shown(params.name, reply));
  mount(app, wire.addClusterNode, async ({ params, body, principal, request, reply }) => {
    const precondition = preconditionOf(request);
    return shown(await addNode(context, { ...params, ...body, precondition }, principal), reply);
  });
  mount(app, wire.removeClusterNode, async ({ params, principal, request, reply }) => {
    const precondition = preconditionOf(request);
    return shown(await removeNode(context, { ...params, precondition }, principal), reply);
  });
  mount(app, wire.deleteCluster, async ({ params, principal, request }) => ({
    deleted: await deleteCluster(context, { ...params, precondition: preconditionOf(request) }, principal),
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
