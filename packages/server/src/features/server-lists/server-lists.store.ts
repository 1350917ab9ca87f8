import type { ListId } from '@sekisho/core/ids.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedListId } from '../fleet/stored-ids.ts';
import { storedServers, type StoredServer } from './stored-servers.ts';

export interface StoredList {
  readonly id: ListId;
  readonly name: string;
  readonly servers: readonly StoredServer[];
  readonly revision: number;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly changedAtMs: number;
}

const COLUMNS = [
  'id',
  'name',
  'servers',
  'revision',
  'created_at_ms',
  'created_by',
  'changed_at_ms',
] as const;

/** All lists by name: a domain has at most SERVER_LISTS_MAX. */
export async function selectLists(db: DbOrTx): Promise<StoredList[]> {
  const rows = await db.selectFrom('server_lists').select(COLUMNS).orderBy('name').execute();
  return rows.map(listOf);
}

export async function findList(db: DbOrTx, id: ListId): Promise<StoredList | undefined> {
  const row = await db.selectFrom('server_lists').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : listOf(row);
}

export async function insertList(tx: Tx, list: StoredList): Promise<void> {
  await tx
    .insertInto('server_lists')
    .values({
      id: list.id,
      name: list.name,
      servers: JSON.stringify(list.servers),
      revision: list.revision,
      created_at_ms: list.createdAtMs,
      created_by: list.createdBy,
      changed_at_ms: list.changedAtMs,
    })
    .execute();
}

/** Name, entries, revision and the time of the change. */
export async function updateList(tx: Tx, list: StoredList): Promise<void> {
  await tx
    .updateTable('server_lists')
    .set({
      name: list.name,
      servers: JSON.stringify(list.servers),
      revision: list.revision,
      changed_at_ms: list.changedAtMs,
    })
    .where('id', '=', list.id)
    .execute();
}

export async function deleteList(tx: Tx, id: ListId): Promise<void> {
  await tx.deleteFrom('server_lists').where('id', '=', id).execute();
}

function listOf(row: {
  id: string;
  name: string;
  servers: string;
  revision: number;
  created_at_ms: number;
  created_by: string;
  changed_at_ms: number;
}): StoredList {
  return {
    id: storedListId(row.id),
    name: row.name,
    servers: storedServers.parse(JSON.parse(row.servers)),
    revision: row.revision,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    changedAtMs: row.changed_at_ms,
  };
}
