import * as limits from '@sekisho/core/limits.ts';
import { printedNote, table, type Page } from './page.ts';

/** The named limits of everything that crosses a process. */
export const limitsPage = (): Page => ({
  path: 'docs/reference/limits.md',
  text:
    [
      '# Limits',
      printedNote('en'),
      'Each is fixed in this version. The end of a name is its unit; a name without one counts.',
      table(
        ['Name', 'Value'],
        Object.entries(limits).map(([name, value]) => [`\`${name}\``, String(value)]),
      ),
    ].join('\n\n') + '\n',
});
