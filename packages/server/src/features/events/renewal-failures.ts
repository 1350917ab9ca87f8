import type { HostId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { z } from 'zod';

const IDS_PER_QUERY_MAX = 500;
const detail = z.object({ code: z.string() });

/** T-09 Why renewals of these hosts failed since that moment, as the hosts say: the newest code of each that complained. */
export async function renewalFailures(
  db: DbOrTx,
  hostIds: readonly HostId[],
  sinceMs: number,
): Promise<Map<string, string>> {
  const codes = new Map<string, string>();
  for (let from = 0; from < hostIds.length; from += IDS_PER_QUERY_MAX) {
    const rows = await db
      .selectFrom('host_events')
      .select(['host_id', 'detail'])
      .where('host_id', 'in', hostIds.slice(from, from + IDS_PER_QUERY_MAX))
      .where('event', '=', 'renewal-failed')
      .where('at_ms', '>=', sinceMs)
      .orderBy('at_ms')
      .execute();
    for (const row of rows) {
      const parsed = detail.safeParse(JSON.parse(row.detail));
      if (parsed.success) codes.set(row.host_id, parsed.data.code);
    }
  }
  return codes;
}
