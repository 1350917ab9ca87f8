import type { ListId } from '@sekisho/core/ids.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { storedListId } from '../fleet/stored-ids.ts';

/** The list that installations fill with their own addresses; a group has it while none above it has another. */
export const DEFAULT_LIST_NAME = 'default';

/** The default list; undefined before there is a domain. */
export async function findDefaultList(db: DbOrTx): Promise<ListId | undefined> {
  const row = await selectDefault.first(db, {});
  return row === undefined ? undefined : storedListId(row.id);
}

const selectDefault = prepared((db) =>
  db.selectFrom('server_lists').select('id').where('name', '=', DEFAULT_LIST_NAME),
);

/** All lists of the domain by name: it has at most SERVER_LISTS_MAX. */
export async function listNamesOf(db: DbOrTx): Promise<{ id: ListId; name: string }[]> {
  const rows = await selectNames.rows(db, {});
  return rows.map(({ id, name }) => ({ id: storedListId(id), name }));
}

const selectNames = prepared((db) => db.selectFrom('server_lists').select(['id', 'name']).orderBy('name'));
