/** A page of the documentation that is printed from the code. */
export interface Page {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** The first line of every printed page, below its title. */
export const printedNote = (language: 'en' | 'ja'): string =>
  language === 'en'
    ? '> Printed from the code by `npm run reference`. Do not edit.'
    : '> このページはコードから `npm run reference` で出力したものです。直接編集しないでください。';

/** A Markdown table cell: pipes and line ends would break the table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', '<br>');

/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
