import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUIREMENTS } from '../tools/requirements.ts';
import { testTitles, titlesIn } from '../tools/test-titles.ts';
import { ROOT } from './root.ts';

const titles = testTitles(ROOT);

test('every requirement of this version has tests that name it', () => {
  const bare = REQUIREMENTS.filter(({ status }) => status !== 'later').filter(
    ({ id }) => !titles.some(({ ids }) => ids.includes(id)),
  );
  assert.deepEqual(
    bare.map(({ id }) => id),
    [],
  );
});

test('every ID that a test names is in the table', () => {
  const known = new Set(REQUIREMENTS.map(({ id }) => id));
  const strangers = titles.flatMap(({ file, ids }) =>
    ids.filter((id) => !known.has(id)).map((id) => `${id} in ${file}`),
  );
  assert.deepEqual([...new Set(strangers)], []);
});

test('the table says what is open exactly where something is', () => {
  assert.equal(new Set(REQUIREMENTS.map(({ id }) => id)).size, REQUIREMENTS.length);
  for (const { id, status, open } of REQUIREMENTS) assert.equal(open !== undefined, status === 'partly', id);
});

test('titles are found in calls, templates and the rows of table tests', () => {
  const id = (number: number): string => ['T', String(number)].join('-');
  const source = [
    `test('${id(13)} a token works once', () => {});`,
    `test(\`${id(14)} \${row.name} and ${id(15)}\`, () => {});`,
    `const rows = [{ name: '${id(16)} in a row' }];`,
    `test('${'in the middle'} ${id(17)}', () => {}); log('not ${id(18)}');`,
  ].join('\n');
  assert.deepEqual(
    titlesIn('x.ts', source).map(({ title, ids }) => [title, ids]),
    [
      [`${id(13)} a token works once`, [id(13)]],
      [`${id(14)} … and ${id(15)}`, [id(14), id(15)]],
      [`${id(16)} in a row`, [id(16)]],
      [`in the middle ${id(17)}`, [id(17)]],
    ],
  );
});
