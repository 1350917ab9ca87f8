import { PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { auditRow, type listAudit as listAuditRoute } from '@sekisho/core/wire/trust.ts';
import type { z } from 'zod';
import type { DbOrTx } from '../../store/tables.ts';

/** A row of the audit log as the API shows it. */
export type AuditRow = ReturnType<typeof auditRow.parse>;

/** Which rows: those of the route, without its cursor. */
export type AuditFilter = Omit<z.output<typeof listAuditRoute.query>, 'after'>;

/** The newest rows first, at most `PAGE_ROWS_MAX`; `before` is the `seq` of the last row of the page before. */
export async function listAudit(db: DbOrTx, filter: AuditFilter = {}): Promise<AuditRow[]> {
  const { before, since, until } = filter;
  let query = db
    .selectFrom('audit')
    .select(['seq', 'at_ms', 'category', 'act', 'actor', 'origin', 'subject', 'outcome', 'detail'])
    .orderBy('seq', 'desc')
    .limit(Math.min(filter.limit ?? PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX + 1));
  if (before !== undefined) query = query.where('seq', '<', before);
  if (since !== undefined) query = query.where('at_ms', '>=', since);
  if (until !== undefined) query = query.where('at_ms', '<', until);
  for (const column of ['category', 'act', 'actor', 'origin', 'subject', 'outcome'] as const) {
    const wanted = filter[column];
    if (wanted !== undefined) query = query.where(column, '=', wanted);
  }
  return (await query.execute()).map(({ at_ms: atMs, detail, ...row }) =>
    auditRow.parse({ ...row, atMs, detail: readDetail(detail) }),
  );
}

/** What was changed into something else than JSON is shown as it is; `audit verify` names the row. */
function readDetail(text: string): unknown {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail)
      ? detail
      : { unreadable: text };
  } catch {
    return { unreadable: text };
  }
}
