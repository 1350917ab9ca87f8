import { ERRORS } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorPages } from '../tools/reference/errors.ts';
import { referencePages } from '../tools/reference/pages.ts';
import { filesBelow, readText } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

/** Written by hand, and held to the code by a test of its own (packages/pki/src/lint.test.ts). */
const HELD_ELSEWHERE = ['docs/reference/certificate-profile.md'];

const pages = referencePages(ROOT);

for (const { path, text } of pages) {
  test(`S-09 ${path} is what the code prints`, () => {
    const [written, printed] = [readText(ROOT, path).split('\n'), text.split('\n')];
    const at = printed.findIndex((line, number) => line !== written[number]);
    const same = at === -1 && written.length === printed.length;
    assert.ok(same, `line ${at + 1} should be: ${printed[at]}\nprint it again: npm run reference`);
  });
}

test('S-09 the pages of error codes have every code', () => {
  for (const { text } of errorPages()) {
    const listed = [...text.matchAll(/^### ([A-Z0-9_]+)$/gm)].map(([, code = '']) => code);
    assert.deepEqual(listed.sort(), Object.keys(ERRORS).sort());
  }
});

test('S-09 no page in docs/reference is out of sight of the tests', () => {
  assert.deepEqual(
    filesBelow(ROOT, 'docs/reference'),
    [...pages.map(({ path }) => path), ...HELD_ELSEWHERE]
      .filter((path) => path.startsWith('docs/reference/'))
      .sort(),
  );
});
