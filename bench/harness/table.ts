import type { FigureResult } from './results.ts';

/** The figures as a table for a terminal: one line each. */
export function tableOf(figures: readonly FigureResult[]): string {
  const head = ['figure', 'value', 'yardstick', 'ratio', 'half of the runs', 'aim', '', 'CPU-ms each'];
  const rows = figures.map((one) => [
    one.id,
    `${one.value} ${one.unit}`,
    `${one.yardstickValue} ${one.unit}`,
    String(one.ratio),
    `${one.spread.low} … ${one.spread.high}`,
    `${one.better === 'lower' ? '≤' : '≥'} ${one.aim}`,
    one.met ? 'met' : 'MISSED',
    one.cpuMsPerOp === null ? '' : String(one.cpuMsPerOp),
  ]);
  const widths = head.map((title, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0), title.length),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
