import { AppError } from '@sekisho/core/errors.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';

export const IMPORT_LINES_MAX = 20_000;
/** Wrong lines that a refusal names. */
const LINES_SHOWN_MAX = 20;

/**
 * The names of a CSV with a header line that has a column `name`; other columns are passed over. All lines are judged first.
 * Refusals: CSV_HEADER_MISSING, CSV_TOO_LONG, CSV_INVALID (it names the wrong lines).
 * @source RFC 4180 §2
 */
export function namesOfCsv(csv: string): string[] {
  const lines = csv.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (lines.length > IMPORT_LINES_MAX) throw new AppError('CSV_TOO_LONG', { limit: IMPORT_LINES_MAX });
  const header = fieldsOf(lines[0] ?? '')?.map((field) => field.trim().toLowerCase());
  const column = header?.indexOf('name') ?? -1;
  if (column < 0) throw new AppError('CSV_HEADER_MISSING');
  const names = new Set<string>();
  const wrong: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const raw = fieldsOf(line)?.[column]?.trim();
    const judged = raw === undefined ? undefined : judgeName(raw);
    if (judged?.allow === true) names.add(judged.name);
    else wrong.push(index + 1);
  }
  if (wrong.length === 0) return [...names];
  const shown = wrong.slice(0, LINES_SHOWN_MAX).join(', ');
  throw new AppError('CSV_INVALID', { count: wrong.length, lines: shown });
}

/** Fields of one line; undefined when its quotes don't close. */
function fieldsOf(line: string): string[] | undefined {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(,|$)/.exec(rest);
    const plain = /^([^",]*)(,|$)/.exec(rest);
    const match = quoted ?? plain;
    if (match === null) return undefined;
    fields.push(quoted === null ? (match[1] ?? '') : (match[1] ?? '').replaceAll('""', '"'));
    if (match[2] !== ',') return fields;
    rest = rest.slice(match[0].length);
  }
}
