import { longName } from '@sekisho/cli/verb.ts';
import { VERBS } from '@sekisho/cli/verbs.ts';
import { ERRORS } from '@sekisho/core/errors.ts';
import { en } from '@sekisho/core/words/en.ts';
import { ja } from '@sekisho/core/words/ja.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const GLOBAL_FLAGS = new Set(['--json', '--yes', '--quiet', '--help', '--version']);
const NOUNS = new Set(Object.keys(en.nouns));

/** Commands that a text tells people to type: noun, verb and the options that follow. */
const COMMAND =
  /sekisho ([a-z]+(?:-[a-z]+)*(?: [a-z-]+)?)((?: (?:--[a-z-]+|[A-Z-]{2,}|\{\w+\}|…|on|off|アドレス))*)/g;

/** What is wrong with the commands in a text. */
function misfits(text: string): string[] {
  return [...text.matchAll(COMMAND)].flatMap(([whole, words = '', rest = '']) => {
    const [noun = ''] = words.split(' ');
    const verb = VERBS.find(({ path }) => path === words) ?? VERBS.find(({ path }) => path === noun);
    if (verb === undefined) return NOUNS.has(noun) || words.includes(' ') ? [whole] : [];
    const known = new Set(Object.values(verb.flags).map(({ spec }) => longName(spec)));
    const options = rest.match(/--[a-z-]+/g) ?? [];
    return options
      .filter((option) => !known.has(option) && !GLOBAL_FLAGS.has(option))
      .map((option) => `${whole}: ${option}`);
  });
}

/** Every text in a tree of words. */
const texts = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(texts)
      : [];

for (const language of ['en', 'ja'] as const) {
  test(`every command that a refusal names exists (${language})`, () => {
    const wrong = Object.entries(ERRORS).flatMap(([code, entry]) =>
      [entry[language].words, entry[language].hint].flatMap(misfits).map((problem) => `${code}: ${problem}`),
    );
    assert.deepEqual(wrong, []);
  });
}

test('every command that the other words name exists', () => {
  assert.deepEqual([...texts(en), ...texts(ja)].flatMap(misfits), []);
});

test('the check above finds a wrong verb and a wrong option', () => {
  assert.equal(misfits('Try: sekisho host lits').length, 1);
  assert.equal(misfits('Try: sekisho token create --name NAME --reissue-for {host}').length, 1);
  assert.equal(misfits('Try: sekisho token create --name NAME --reissue {host}').length, 0);
});
