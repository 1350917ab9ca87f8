import { AppError } from '@sekisho/core/errors.ts';
import type { ListId } from '@sekisho/core/ids.ts';
import type { ServerListView } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { DEFAULT_LIST_NAME } from '../domain/default-list.ts';
import { tlsPins } from '../keys/tls-pins.ts';
import { readGroupTree, type GroupTree } from '../groups/group-tree.ts';
import { findList, type StoredList } from './server-lists.store.ts';

/** Refusal: NOT_FOUND. */
export async function requireList(db: DbOrTx, id: ListId): Promise<StoredList> {
  const list = await findList(db, id);
  if (list === undefined) throw new AppError('NOT_FOUND', { what: 'list', id });
  return list;
}

/** Lists as administrators see them: with their groups, and who holds the newest version. */
export async function viewLists(
  context: Pick<ServerContext, 'store' | 'documents' | 'fleet'>,
  lists: readonly StoredList[],
  tree?: GroupTree,
): Promise<ServerListView[]> {
  const groups = tree ?? (await readGroupTree(context.store.db));
  const counts = new Map(
    lists.map(({ id }) => [
      id,
      { hosts: 0, holding: 0, serial: context.documents.latestSerial('list', id) ?? 0 },
    ]),
  );
  const countOf = new Map(
    [...groups.groups()].map(({ id }) => {
      const list = groups.listOf(id);
      return [id, list === undefined ? undefined : counts.get(list)];
    }),
  );
  const pinnedKeys = await tlsPins(context.store.db);
  for (const host of context.fleet.hosts()) {
    const count = countOf.get(host.groupId);
    if (count === undefined) continue;
    count.hosts += 1;
    if (count.serial > 0 && host.listSerial >= count.serial) count.holding += 1;
  }
  return lists.map((list) => ({
    id: list.id,
    name: list.name,
    isDefault: list.name === DEFAULT_LIST_NAME,
    revision: list.revision,
    servers: [...list.servers],
    pinnedKeys,
    groups: assignedTo(groups, list.id),
    hosts: counts.get(list.id)?.hosts ?? 0,
    holding: counts.get(list.id)?.holding ?? 0,
    serial: counts.get(list.id)?.serial ?? 0,
    createdAtMs: list.createdAtMs,
    createdBy: list.createdBy,
    changedAtMs: list.changedAtMs,
  }));
}

/** Groups that have it by themselves; by name. */
export const assignedTo = (tree: GroupTree, id: ListId): ServerListView['groups'] =>
  [...tree.groups()]
    .filter(({ values }) => values.list === id)
    .map(({ id: groupId, name }) => ({ id: groupId, name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
