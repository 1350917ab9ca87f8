import type { AuditEntryView } from '@sekisho/core/wire/audit.ts';

/** UTF-8 is taken for the local code page by spreadsheets that don't see this first. */
export const BYTE_ORDER_MARK = '\uFEFF';

const COLUMNS = [
  'seq',
  'time',
  'category',
  'act',
  'actor',
  'origin',
  'subject',
  'outcome',
  'detail',
] as const;

/** The header line. */
export const csvHead = (): string => csvLine(COLUMNS);

/** A row of the log; one that is gone stands with its number alone. */
export const csvRow = ({ seq, row }: AuditEntryView): string =>
  csvLine(
    row === null
      ? [String(seq), '', '', '', '', '', '', 'removed', '']
      : [
          String(seq),
          new Date(row.atMs).toISOString(),
          row.category,
          row.act,
          row.actor,
          row.origin,
          row.subject,
          row.outcome,
          JSON.stringify(row.detail),
        ],
  );

/** Fields in quotes where they must be, lines end with CRLF. @source RFC 4180 §2 */
export const csvLine = (fields: readonly string[]): string => `${fields.map(field).join(',')}\r\n`;

/** What a spreadsheet would take for a formula gets an apostrophe before it: names come from strangers. */
function field(raw: string): string {
  const text = /^[=+\-@\t\r]/.test(raw) ? `'${raw}` : raw;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
