import stringWidth from 'string-width';
import type { Cli } from '../cli.ts';
import { renderTable, type Column } from './table.ts';

/** A table that fits the terminal, with a line that says so where something was left out. Through a pipe it is whole. */
export function terminalTable(
  cli: Cli,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const whole = renderTable(columns, rows);
  const { isTTY, columns: width } = cli.io.stdout;
  if (isTTY !== true || width === undefined || whole.every((line) => stringWidth(line) <= width))
    return whole;
  return [...renderTable(columns, rows, width), cli.style.dim(cli.words.notes.tableCut)];
}
