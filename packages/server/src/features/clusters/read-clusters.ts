import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import type { ClusterNode, ClusterView } from '@sekisho/core/wire/clusters.ts';
import type { ServerContext } from '../../context.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { newestCertificates } from '../certificates/certificate-rows.ts';
import { certificateStandings } from '../fleet/certificate-standing.ts';
import { legacyAmong } from '../legacy/legacy-rows.ts';
import { findHostByName } from '../hosts/host-rows.ts';
import { mappingsOfNames } from '../names/name-rows.ts';
import { selectClusters, type StoredCluster } from './cluster-rows.ts';

/** The canonical form of a name. Refusals: HOST_NAME_INVALID, HOST_NAME_RESERVED. */
export function requireName(raw: string): string {
  const judged = judgeName(raw);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  return judged.name;
}

/** A cluster by its virtual name. Refusals: NOT_FOUND, HOST_NAME_…. */
export async function requireCluster(db: DbOrTx, raw: string): Promise<StoredCluster> {
  const name = requireName(raw);
  const [found] = await selectClusters(db, name);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'cluster', id: name });
  return found;
}

/** The hosts of a cluster's nodes, by the nodes' names; nodes that never enrolled are left out. */
export async function hostsOfNodes(db: DbOrTx, nodes: readonly string[]): Promise<Map<string, HostId>> {
  const hosts = new Map<string, HostId>();
  for (const node of nodes) {
    const host = await findHostByName(db, node);
    if (host !== undefined) hosts.set(node, host.id);
  }
  return hosts;
}

/** A cluster with what each node has: host ID, certificate, the virtual name, and which protocol it speaks. */
export async function viewCluster(
  context: Pick<ServerContext, 'store' | 'clock'>,
  cluster: StoredCluster,
): Promise<ClusterView> {
  const { db } = context.store;
  const hosts = await hostsOfNodes(db, cluster.nodes);
  const ids = [...hosts.values()];
  const standings = await certificateStandings(db, ids, context.clock.nowMs());
  const newest = await newestCertificates(db, ids);
  const legacy = await legacyAmong(db, ids);
  const mapped = new Set(
    (await mappingsOfNames(db, [cluster.name]))
      .filter(({ kind }) => kind !== 'automatic')
      .map(({ hostId }) => hostId),
  );
  const nodes = cluster.nodes.map((node): ClusterNode => {
    const hostId = hosts.get(node) ?? null;
    if (hostId === null)
      return { node, hostId, certificate: 'none', notAfterMs: null, mapped: false, legacy: false };
    return {
      node,
      hostId,
      certificate: standings.get(hostId) ?? 'none',
      notAfterMs: newest.get(hostId)?.notAfterMs ?? null,
      mapped: mapped.has(hostId),
      legacy: legacy.has(hostId),
    };
  });
  const enrolled = nodes.filter(({ hostId }) => hostId !== null);
  return {
    name: cluster.name,
    nodes,
    mixed: enrolled.some(({ legacy: is }) => is) && enrolled.some(({ legacy: is }) => !is),
    createdAtMs: cluster.createdAtMs,
    createdBy: cluster.createdBy,
  };
}
