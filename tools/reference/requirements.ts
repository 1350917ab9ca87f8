import { REQUIREMENTS, type Requirement } from '../requirements.ts';
import { testTitles, type TestTitle } from '../test-titles.ts';
import { printedNote, table, type Page } from './page.ts';

/** Which test proves which requirement: made from the titles of the tests. */
export function requirementsPage(root: string): Page {
  const titles = testTitles(root);
  const rows = REQUIREMENTS.map((requirement) => {
    const tests = testsOf(requirement.id, titles);
    return [
      tests.length === 0 ? requirement.id : `[${requirement.id}](#${requirement.id.toLowerCase()})`,
      requirement.what,
      statusWords(requirement),
      String(tests.length),
    ];
  });
  return {
    path: 'docs/requirements.md',
    text:
      [
        '# Requirements and their tests',
        printedNote('en'),
        "IDs are the specification's. *proved*: the tests below show all of it. *partly*: what is open stands beside it. *later*: it belongs to a later issue, and what is there already is tested. `…` in a title stands for the case of a table test.",
        table(['ID', 'Requirement', 'Status', 'Tests'], rows),
        ...REQUIREMENTS.flatMap((requirement) => details(requirement, testsOf(requirement.id, titles))),
      ].join('\n\n') + '\n',
  };
}

const testsOf = (id: string, titles: readonly TestTitle[]): TestTitle[] =>
  titles.filter(({ ids }) => ids.includes(id));

const statusWords = ({ status, open }: Requirement): string =>
  open === undefined ? status : `${status}; open: ${open}`;

function details(requirement: Requirement, tests: readonly TestTitle[]): string[] {
  if (tests.length === 0) return [];
  const files = [...new Set(tests.map(({ file }) => file))];
  return [
    `## ${requirement.id}`,
    requirement.what,
    files
      .map((file) =>
        [
          `- \`${file}\``,
          ...tests.filter((test) => test.file === file).map(({ title }) => `  - ${oneLine(title)}`),
        ].join('\n'),
      )
      .join('\n'),
  ];
}

const oneLine = (title: string): string => title.replace(/\s+/g, ' ').replace(/([*_<>`])/g, '\\$1');
