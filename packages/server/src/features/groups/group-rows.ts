import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedGroupId } from '../fleet/stored-ids.ts';
import type { StoredGroup } from './group-tree.ts';

/** Whoever changes the tree waits here for the other: what the later one reads is what the earlier one wrote, on both databases. */
export async function lockTree(tx: Tx): Promise<void> {
  await tx
    .updateTable('groups')
    .set((row) => ({ revision: row.ref('revision') }))
    .where('parent_id', 'is', null)
    .execute();
}

export async function insertGroup(tx: Tx, group: StoredGroup): Promise<void> {
  const { id, parentId, createdAtMs } = group;
  await tx
    .insertInto('groups')
    .values({ id, parent_id: parentId, created_at_ms: createdAtMs, ...columnsOf(group) })
    .execute();
}

export async function updateGroup(tx: Tx, group: StoredGroup): Promise<void> {
  await tx
    .updateTable('groups')
    .set({ parent_id: group.parentId, ...columnsOf(group) })
    .where('id', '=', group.id)
    .execute();
}

/** The row, and what was remembered of its policies. */
export async function deleteGroupRow(tx: Tx, id: GroupId): Promise<void> {
  await tx.deleteFrom('policy_plans').where('group_id', '=', id).execute();
  await tx.deleteFrom('groups').where('id', '=', id).execute();
}

const columnsOf = (group: StoredGroup) => ({
  name: group.name,
  settings: JSON.stringify(group.values),
  locked: JSON.stringify(group.locked),
  own_since_ms: group.ownSinceMs,
  revision: group.revision,
  changed_at_ms: group.changedAtMs,
});

/** Hosts of each group, without the management server's own; groups without any are left out. */
export async function countHosts(db: DbOrTx): Promise<Map<GroupId, number>> {
  const rows = await hostsWithAgents(db)
    .select((row) => ['group_id', row.fn.countAll<number>().as('count')] as const)
    .groupBy('group_id')
    .execute();
  return new Map(rows.map((row) => [storedGroupId(row.group_id), Number(row.count)]));
}

/** The first hosts of these groups by name. */
export async function firstNames(db: DbOrTx, groups: readonly GroupId[], limit: number): Promise<string[]> {
  if (groups.length === 0) return [];
  const rows = await hostsWithAgents(db)
    .select('name')
    .where('group_id', 'in', groups)
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

const hostsWithAgents = (db: DbOrTx) =>
  db
    .selectFrom('hosts')
    .where('id', 'not in', (inner) => inner.selectFrom('domain').select('server_host_id'));

export async function updateGroupOfHost(tx: Tx, id: HostId, groupId: GroupId): Promise<void> {
  await tx.updateTable('hosts').set({ group_id: groupId }).where('id', '=', id).execute();
}

/** Grants of administrators and API keys that count, for this group alone. */
export async function countRights(db: DbOrTx, id: GroupId, nowMs: number): Promise<number> {
  const grants = await db
    .selectFrom('administrator_grants')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('group_id', '=', id)
    .executeTakeFirstOrThrow();
  const keys = await db
    .selectFrom('api_keys')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('group_id', '=', id)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirstOrThrow();
  return Number(grants.count) + Number(keys.count);
}
