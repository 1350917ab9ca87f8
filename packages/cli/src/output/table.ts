import stringWidth from 'string-width';

/** A column: its heading, and whether numbers stand at its right edge. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** May be cut to make the table fit. */
  readonly shrinks?: boolean;
  /** May be left out to make the table fit: the lowest number first. */
  readonly goes?: number;
}

const GAP = '  ';

const SHRUNK_CELLS_MIN = 6;
/** Rather than cutting a column to less than this, others are left out. */
const READABLE_CELLS_MIN = 16;

/**
 * A table in terminal cells: East Asian wide characters count two. Lines carry no trailing spaces; control characters of
 * cells (names come from hosts) are shown as `�`, so that nothing moves the cursor. Where a width in cells is given, columns
 * that may be left out go until the others can be read, and the widest of those that may be cut are cut until the table fits it.
 */
export function renderTable(
  all: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const whole = rows.map((row) => all.map((_, at) => visible(row[at] ?? '')));
  const wantedByAll = all.map((column, at) =>
    Math.max(stringWidth(column.title), ...whole.map((row) => stringWidth(row[at] ?? ''))),
  );
  const kept = readable(all, wantedByAll, width);
  const pick = <Item>(items: readonly Item[]): Item[] => items.filter((_, at) => kept.has(at));
  const [columns, wanted, clean] = [pick(all), pick(wantedByAll), whole.map(pick)];
  const widths = shrunk(columns, wanted, width - GAP.length * (columns.length - 1));
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => {
        const cell = truncate(cells[at] ?? '', widths[at] ?? 0);
        return pad(cell, widths[at] ?? 0, column.right === true);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    line(widths.map((width) => '─'.repeat(width))),
    ...clean.map(line),
  ];
}

/** The columns that stay, by their place. */
function readable(columns: readonly Column[], wanted: readonly number[], width: number): ReadonlySet<number> {
  const kept = new Set(columns.keys());
  const going = [...columns.entries()]
    .filter(([, { goes }]) => goes !== undefined)
    .sort(([, a], [, b]) => (a.goes ?? 0) - (b.goes ?? 0));
  const cells = (at: number): number =>
    columns[at]?.shrinks === true ? Math.min(wanted[at] ?? 0, READABLE_CELLS_MIN) : (wanted[at] ?? 0);
  for (const [at] of going) {
    const needed = [...kept].reduce((sum, one) => sum + cells(one) + GAP.length, -GAP.length);
    if (needed <= width) break;
    kept.delete(at);
  }
  return kept;
}

/** The widths that fit, or the least there are. */
function shrunk(columns: readonly Column[], wanted: readonly number[], cells: number): readonly number[] {
  const widths = [...wanted];
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) - cells;
    const widest = Math.max(
      ...widths.filter((width, at) => columns[at]?.shrinks === true && width > SHRUNK_CELLS_MIN),
    );
    const at = widths.findIndex((width, column) => columns[column]?.shrinks === true && width === widest);
    if (over <= 0 || at === -1) return widths;
    widths[at] = widest - 1;
  }
}

/** `Label: value` lines with the values under each other; a value of several lines stays in its column. */
export function renderPairs(pairs: readonly (readonly [string, string | readonly string[]])[]): string[] {
  const width = Math.max(0, ...pairs.map(([label]) => stringWidth(label)));
  return pairs.flatMap(([label, value]) => {
    const lines = typeof value === 'string' ? [value] : value;
    return lines.map((text, at) =>
      `${pad(at === 0 ? label : '', width, false)}${GAP}${visible(text)}`.trimEnd(),
    );
  });
}

/** Pads to a width in cells. */
export function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return right ? `${space}${text}` : `${text}${space}`;
}

/** Cuts to a width in cells; the cut shows as `…`. */
export function truncate(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const cells = stringWidth(segment);
    if (used + cells > width - 1) break;
    kept += segment;
    used += cells;
  }
  return width > 0 ? `${kept}…` : '';
}

/** What came from elsewhere, with nothing in it that a terminal would obey. */
export const visible = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '�');
