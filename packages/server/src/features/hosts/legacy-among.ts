import type { HostId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** Those of these hosts that were let in as legacy hosts and were not upgraded since. */
export async function legacyAmong(db: DbOrTx, ids: readonly HostId[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('hosts')
    .select('id')
    .where('id', 'in', [...ids])
    .where('legacy_since_ms', 'is not', null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}
