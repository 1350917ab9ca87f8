import type { DbOrTx, Tx } from '../../store/tables.ts';

/** A virtual name and the primary names of its nodes, in order. */
export interface StoredCluster {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
}

/** All clusters, or the one with this canonical name. */
export async function selectClusters(db: DbOrTx, name?: string): Promise<StoredCluster[]> {
  let query = db.selectFrom('clusters').select(['name', 'created_at_ms', 'created_by']).orderBy('name');
  let nodesQuery = db.selectFrom('cluster_nodes').select(['cluster', 'node']).orderBy('node');
  if (name !== undefined) {
    query = query.where('name', '=', name);
    nodesQuery = nodesQuery.where('cluster', '=', name);
  }
  const nodes = new Map<string, string[]>();
  for (const row of await nodesQuery.execute())
    nodes.set(row.cluster, [...(nodes.get(row.cluster) ?? []), row.node]);
  return (await query.execute()).map((row) => ({
    name: row.name,
    nodes: nodes.get(row.name) ?? [],
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
  }));
}

/** Did an administrator name this host as a node of the cluster with that virtual name? */
export async function isNodeOf(db: DbOrTx, cluster: string, node: string): Promise<boolean> {
  const query = db.selectFrom('cluster_nodes').select('node');
  const row = await query.where('cluster', '=', cluster).where('node', '=', node).executeTakeFirst();
  return row !== undefined;
}

export async function insertCluster(tx: Tx, cluster: StoredCluster): Promise<void> {
  const { name, createdAtMs, createdBy } = cluster;
  await tx
    .insertInto('clusters')
    .values({ name, created_at_ms: createdAtMs, created_by: createdBy })
    .execute();
  for (const node of cluster.nodes) await insertNode(tx, name, node);
}

export async function insertNode(tx: Tx, cluster: string, node: string): Promise<void> {
  await tx.insertInto('cluster_nodes').values({ cluster, node }).execute();
}

export async function deleteNode(tx: Tx, cluster: string, node: string): Promise<void> {
  await tx.deleteFrom('cluster_nodes').where('cluster', '=', cluster).where('node', '=', node).execute();
}

export async function deleteClusterRows(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('cluster_nodes').where('cluster', '=', name).execute();
  await tx.deleteFrom('clusters').where('name', '=', name).execute();
}
