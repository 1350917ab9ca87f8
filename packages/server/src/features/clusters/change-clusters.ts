import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { CLUSTER_NODES_MAX, CLUSTERS_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { contentTag, requireUnchanged, type EntityTag, type Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findHost, findHostByName } from '../hosts/host-rows.ts';
import { addMapping, deleteMapping } from '../names/decide-mappings.ts';
import { mappingsOfNames } from '../names/name-rows.ts';
import {
  deleteClusterRows,
  deleteNode,
  insertCluster,
  insertNode,
  selectClusters,
  type StoredCluster,
} from './cluster-rows.ts';
import { requireName, hostsOfNodes, requireCluster } from './read-clusters.ts';

/**
 * T-20 Names the nodes of a virtual name, and maps it to those that are hosts. From then on the name is reserved: no host gets it by
 * itself. Returns the canonical name. Refusals: HOST_NAME_…, CLUSTER_EXISTS, CLUSTERS_TOO_MANY, CLUSTER_NAME_OF_HOST, CLUSTER_NAME_TAKEN,
 * NAME_OF_SERVER, HOST_NAMES_TOO_MANY.
 */
export async function createCluster(
  context: ServerContext,
  wish: { name: string; nodes: readonly string[] },
  principal: Principal,
): Promise<string> {
  const name = requireName(wish.name);
  const nodes = [...new Set(wish.nodes.map(requireName))].sort();
  await context.store.transaction(async (tx) => {
    const all = await selectClusters(tx);
    if (all.some((cluster) => cluster.name === name)) throw new AppError('CLUSTER_EXISTS', { name });
    if (all.length >= CLUSTERS_MAX) throw new AppError('CLUSTERS_TOO_MANY', { limit: CLUSTERS_MAX });
    await requireOwnName(tx, name, nodes);
    const createdAtMs = context.clock.nowMs();
    await insertCluster(tx, { name, nodes, createdAtMs, createdBy: principal.name });
    await record(tx, context, principal, 'create-cluster', name, { nodes });
  });
  await mapNodes(context, name, nodes, principal);
  return name;
}

/** Adds a node, and maps the virtual name to it; one that is a node already gets the name that it lacked. Refusals: NOT_FOUND, PRECONDITION_FAILED, CLUSTER_NODES_TOO_MANY, and those of `createCluster`. */
export async function addNode(
  context: ServerContext,
  wish: { name: string; node: string; precondition?: Precondition | undefined },
  principal: Principal,
): Promise<string> {
  const node = requireName(wish.node);
  const name = await context.store.transaction(async (tx) => {
    const cluster = await requireAsSeen(tx, wish);
    if (cluster.nodes.includes(node)) return cluster.name;
    if (cluster.nodes.length >= CLUSTER_NODES_MAX)
      throw new AppError('CLUSTER_NODES_TOO_MANY', { limit: CLUSTER_NODES_MAX });
    await requireOwnName(tx, cluster.name, [...cluster.nodes, node]);
    await insertNode(tx, cluster.name, node);
    await record(tx, context, principal, 'change-cluster', cluster.name, { added: node });
    return cluster.name;
  });
  await mapNodes(context, name, [node], principal);
  return name;
}

/** Removes a node: it may not go by the virtual name any more. Refusals: NOT_FOUND, PRECONDITION_FAILED. */
export async function removeNode(
  context: ServerContext,
  wish: { name: string; node: string; precondition?: Precondition | undefined },
  principal: Principal,
): Promise<string> {
  const node = requireName(wish.node);
  const { name, nodes } = await context.store.transaction((tx) => requireAsSeen(tx, wish));
  if (!nodes.includes(node)) throw new AppError('NOT_FOUND', { what: 'cluster node', id: node });
  // first the name: a crash in between leaves a node that shows as unmapped, not a stranger with the name
  await unmapNodes(context, name, [node], principal);
  await context.store.transaction(async (tx) => {
    await deleteNode(tx, name, node);
    await record(tx, context, principal, 'change-cluster', name, { removed: node });
  });
  return name;
}

/** Forgets a cluster: no node may go by the virtual name any more. Refusals: NOT_FOUND, PRECONDITION_FAILED. */
export async function deleteCluster(
  context: ServerContext,
  wish: { name: string; precondition?: Precondition | undefined },
  principal: Principal,
): Promise<string> {
  const { name, nodes } = await context.store.transaction((tx) => requireAsSeen(tx, wish));
  await unmapNodes(context, name, nodes, principal);
  await context.store.transaction(async (tx) => {
    await deleteClusterRows(tx, name);
    await record(tx, context, principal, 'delete-cluster', name, { nodes });
  });
  return name;
}

/** The tag of what an administrator edits: the virtual name and its nodes. */
export const clusterTag = ({
  name,
  nodes,
  createdAtMs,
}: Pick<StoredCluster, 'name' | 'nodes' | 'createdAtMs'>): EntityTag =>
  contentTag([name, nodes, createdAtMs]);

async function requireAsSeen(
  tx: Tx,
  wish: { name: string; precondition?: Precondition | undefined },
): Promise<StoredCluster> {
  const cluster = await requireCluster(tx, wish.name);
  await requireUnchanged(wish.precondition, clusterTag(cluster), () =>
    lastChangeOf(tx, cluster.name, ['create-cluster', 'change-cluster']),
  );
  return cluster;
}

/** A virtual name is no host's own, and nobody else's. */
async function requireOwnName(tx: Tx, name: string, nodes: readonly string[]): Promise<void> {
  const host = await findHostByName(tx, name);
  if (host !== undefined || nodes.includes(name)) throw new AppError('CLUSTER_NAME_OF_HOST', { name });
  const own = new Set((await hostsOfNodes(tx, nodes)).values());
  for (const { hostId, kind } of await mappingsOfNames(tx, [name])) {
    if (own.has(hostId) || kind === 'automatic') continue;
    throw new AppError('CLUSTER_NAME_TAKEN', { name, owner: await nameOf(tx, hostId) });
  }
}

/** An administrator named the nodes: each that is a host gets the virtual name, shared with the others. */
async function mapNodes(
  context: ServerContext,
  name: string,
  nodes: readonly string[],
  principal: Principal,
): Promise<void> {
  const { db } = context.store;
  const own = await hostsOfNodes(db, nodes);
  for (const hostId of own.values()) {
    const mappings = await mappingsOfNames(db, [name]);
    const mine = mappings.find((row) => row.hostId === hostId);
    if (mine !== undefined && mine.kind !== 'automatic' && mappings.length === 1) continue;
    // what somebody was only met under gives way
    for (const { kind, hostId: other } of mappings)
      if (kind === 'automatic' && other !== hostId)
        await deleteMapping(context, { name, hostId: other }, principal);
    await addMapping(context, { name, hostId, how: 'share' }, principal);
  }
}

async function unmapNodes(
  context: ServerContext,
  name: string,
  nodes: readonly string[],
  principal: Principal,
): Promise<void> {
  const { db } = context.store;
  for (const hostId of (await hostsOfNodes(db, nodes)).values()) {
    const mappings = await mappingsOfNames(db, [name]);
    if (mappings.some((row) => row.hostId === hostId))
      await deleteMapping(context, { name, hostId }, principal);
  }
}

const nameOf = async (db: DbOrTx, id: HostId): Promise<string> => (await findHost(db, id))?.name ?? id;

async function record(
  tx: Tx,
  context: ServerContext,
  principal: Principal,
  act: AuditAct,
  name: string,
  detail: Record<string, unknown>,
): Promise<void> {
  const { name: actor, origin } = principal;
  await recordChange(tx, 'cluster', name);
  const entry = { act, actor, origin, subject: name, outcome: 'done', detail } as const;
  await recordAudit(tx, entry, context.clock.nowMs());
}
