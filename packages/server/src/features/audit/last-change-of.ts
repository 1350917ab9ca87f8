import type { LastChange } from '../../http/entity-tag.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** Who did one of these acts to a subject last, and when, as the audit log has it. */
export async function lastChangeOf(
  db: DbOrTx,
  subject: string,
  acts: readonly string[],
): Promise<LastChange | undefined> {
  const row = await db
    .selectFrom('audit')
    .select(['actor', 'at_ms'])
    .where('subject', '=', subject)
    .where('act', 'in', acts)
    .where('outcome', '=', 'done')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { by: row.actor, atMs: row.at_ms };
}
