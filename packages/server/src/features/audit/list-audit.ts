import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { auditRow } from '@sekisho/core/wire/trust.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** A row of the audit log as the API shows it. */
export type AuditRow = ReturnType<typeof auditRow.parse>;

/** The newest rows first, at most `PAGE_ROWS_MAX`; `before` is the `seq` of the last row of the page before. */
export async function listAudit(
  db: DbOrTx,
  page: { limit?: number | undefined; before?: number | undefined } = {},
): Promise<AuditRow[]> {
  let query = db
    .selectFrom('audit')
    .select(['seq', 'at_ms', 'category', 'act', 'actor', 'origin', 'subject', 'outcome', 'detail'])
    .orderBy('seq', 'desc')
    .limit(Math.min(page.limit ?? PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX));
  if (page.before !== undefined) query = query.where('seq', '<', page.before);
  return (await query.execute()).map(({ at_ms: atMs, detail, ...row }) =>
    auditRow.parse({ ...row, atMs, detail: JSON.parse(detail) }),
  );
}
