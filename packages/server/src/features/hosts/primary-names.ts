import type { HostId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** The primary names of these hosts; a page of them at most. */
export async function primaryNames(db: DbOrTx, ids: readonly HostId[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('hosts')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
