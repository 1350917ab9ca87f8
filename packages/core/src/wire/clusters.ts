import { z } from 'zod';
import { CLUSTER_NODES_MAX } from '../limits.ts';
import { route } from './route.ts';
import { address, displayName, epochMs, hostId } from './scalars.ts';
import { tokenView } from './trust.ts';

/** What a node of a cluster has to prove who it is. */
export const NODE_CERTIFICATES = ['valid', 'revoked', 'expired', 'none'] as const;

export const clusterNode = z.object({
  /** The node's own primary name; the host may not exist yet. */
  node: z.string(),
  hostId: hostId.nullable(),
  certificate: z.enum(NODE_CERTIFICATES),
  notAfterMs: epochMs.nullable(),
  /** May it go by the virtual name? One that may not is refused when it takes over. */
  mapped: z.boolean(),
  /** Its agent speaks the plain protocol alone. */
  legacy: z.boolean(),
});
export type ClusterNode = z.infer<typeof clusterNode>;

/** T-20 Hosts that share a virtual name. */
export const clusterView = z.object({
  name: z.string(),
  nodes: z.array(clusterNode).max(CLUSTER_NODES_MAX),
  /** Some nodes are legacy and some are not: they must be upgraded together. */
  mixed: z.boolean(),
  createdAtMs: epochMs,
  createdBy: z.string(),
});
export type ClusterView = z.infer<typeof clusterView>;

const nameParams = z.object({ name: address });

/** Names the nodes of a virtual name, and maps it to those that are hosts already. */
export const createCluster = route({
  method: 'POST',
  path: '/v1/clusters',
  right: 'host.write',
  body: z.object({ name: address, nodes: z.array(address).min(1).max(CLUSTER_NODES_MAX) }),
  reply: clusterView,
});
export const listClusters = route({
  method: 'GET',
  path: '/v1/clusters',
  right: 'host.read',
  reply: z.object({ clusters: z.array(clusterView) }),
});
export const getCluster = route({
  method: 'GET',
  path: '/v1/clusters/:name',
  right: 'host.read',
  params: nameParams,
  reply: clusterView,
});
export const addClusterNode = route({
  method: 'POST',
  path: '/v1/clusters/:name/nodes',
  right: 'host.write',
  params: nameParams,
  body: z.object({ node: address }),
  reply: clusterView,
});
/** The node loses the virtual name too. */
export const removeClusterNode = route({
  method: 'DELETE',
  path: '/v1/clusters/:name/nodes/:node',
  right: 'host.write',
  params: z.object({ name: address, node: address }),
  reply: clusterView,
});
/** All nodes lose the virtual name. */
export const deleteCluster = route({
  method: 'DELETE',
  path: '/v1/clusters/:name',
  right: 'host.write',
  params: nameParams,
  reply: z.object({ deleted: z.string() }),
});
/** T-20 A reissue token for each node that has a host ID, all at once: for what comes after disaster recovery. */
export const reissueClusterTokens = route({
  method: 'POST',
  path: '/v1/clusters/:name/reissue-tokens',
  right: 'token.write',
  params: nameParams,
  body: z.object({ tokenName: displayName.optional() }),
  /** The secrets are shown here and never again. */
  reply: z.object({
    tokens: z.array(z.object({ node: z.string(), token: tokenView.extend({ token: z.string() }) })),
    /** Nodes that never enrolled: they need an ordinary token. */
    withoutHost: z.array(z.string()),
  }),
});
