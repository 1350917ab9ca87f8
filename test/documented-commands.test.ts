import { AppError } from '@sekisho/core/errors.ts';
import { en } from '@sekisho/core/words/en.ts';
import { buildProgram } from '@sekisho/cli/program.ts';
import { attributeName, longName } from '@sekisho/cli/verb.ts';
import { VERBS } from '@sekisho/cli/verbs.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, readText } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const pages = ['README.md', 'README.ja.md', ...filesBelow(ROOT, 'docs/en'), ...filesBelow(ROOT, 'docs/ja')];

/** Command lines in the shell blocks of a page. */
const commandLines = (text: string): string[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, code = '']) => sekishoLines(code));

/** Where our program is called; a line that ends with a backslash goes on in the next. */
const sekishoLines = (code: string): string[] =>
  code
    .replaceAll(/\\\n/g, ' ')
    .replaceAll('$HOME', '/home/me')
    .split('\n')
    .flatMap((line) => line.split(/ \| | && /))
    .map((line) =>
      line
        .trim()
        .replace(/^(sudo (-u \S+ )?|[A-Z_]+=\S+ |npx )+/, '')
        .replace(/^npm run sekisho -- /, 'sekisho '),
    )
    .filter((line) => line.startsWith('sekisho '));

/** Splits like a shell, as far as our pages use one. */
const split = (line: string): string[] =>
  [...line.replace(/ (#|[<>]|2>).*$/, '').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/["']/g, ''),
  );

/** What the program says of a command line that it does not understand. */
async function misunderstood(line: string): Promise<string | undefined> {
  const argv = split(line).slice(1);
  const program = buildProgram(en, argv, '0.0.0', (verb, _args, options) => {
    for (const { spec, read } of Object.values(verb.flags))
      read(options[attributeName(spec)], longName(spec));
    return Promise.resolve();
  });
  program.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof AppError) return error.message;
    if (!(error instanceof Error && 'code' in error && /helpDisplayed|version/.test(String(error.code))))
      throw error;
  }
  return undefined;
}

for (const page of pages) {
  const lines = commandLines(readText(ROOT, page));
  if (lines.length === 0) continue;
  test(`S-09 every command in ${page} is one that the program understands`, async () => {
    for (const line of lines) assert.equal(await misunderstood(line), undefined, line);
  });
}

test('S-09 every example in the help is a command that the program understands', async () => {
  for (const { examples } of VERBS)
    for (const line of Object.values(examples).flatMap(sekishoLines))
      assert.equal(await misunderstood(line), undefined, line);
});

test('the check above refuses a misspelt verb, an unknown option and a value that is not one', async () => {
  assert.match((await misunderstood('sekisho host lits')) ?? '', /lits/);
  assert.match((await misunderstood('sekisho host list --wrong')) ?? '', /wrong/);
  assert.match((await misunderstood('sekisho restore run latest --to restored')) ?? '', /restored/);
});
