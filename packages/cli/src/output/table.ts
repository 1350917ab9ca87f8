import stringWidth from 'string-width';

/** A column: its heading, and whether numbers stand at its right edge. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

const GAP = '  ';

/**
 * A table in terminal cells: East Asian wide characters count two. Lines carry no trailing spaces; control characters of
 * cells (names come from hosts) are shown as `�`, so that nothing moves the cursor.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => columns.map((_, at) => visible(row[at] ?? '')));
  const widths = columns.map((column, at) =>
    Math.max(stringWidth(column.title), ...clean.map((row) => stringWidth(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.right === true))
      .join(GAP)
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    line(widths.map((width) => '─'.repeat(width))),
    ...clean.map(line),
  ];
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
