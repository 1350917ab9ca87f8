import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referencePages } from '../tools/reference/pages.ts';
import { filesBelow, readText } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const pages = referencePages(ROOT);

for (const { path, text } of pages) {
  test(`S-09 ${path} is what the code prints`, () => {
    assert.equal(readText(ROOT, path), text, 'print it again: npm run reference');
  });
}

test('S-09 nothing in docs/reference is written by hand', () => {
  assert.deepEqual(
    filesBelow(ROOT, 'docs/reference'),
    pages
      .map(({ path }) => path)
      .filter((path) => path.startsWith('docs/reference/'))
      .sort(),
  );
});
