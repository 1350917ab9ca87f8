import { CRASH_POINTS } from '@sekisho/core/crash-points.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText, sourceFiles, testFiles } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const uses = sourceFiles(ROOT).flatMap((file) =>
  [...readText(ROOT, file).matchAll(/\bcrashPoint\(\s*'([^']+)'\s*,?\s*\)/g)].map(([, name = '']) => ({
    file,
    name,
  })),
);

test('every crash point is passed in exactly one place of the sources', () => {
  for (const name of CRASH_POINTS) {
    const files = uses.filter((use) => use.name === name).map(({ file }) => file);
    assert.equal(files.length, 1, `${name}: ${files.join(', ') || 'nowhere'}`);
  }
  assert.equal(uses.length, CRASH_POINTS.length);
});

test('no call passes a name that is put together: the guard could not see it', () => {
  for (const file of sourceFiles(ROOT)) {
    if (file === 'packages/platform/src/crash-point.ts') continue;
    const calls = [...readText(ROOT, file).matchAll(/\bcrashPoint\(/g)].length;
    assert.equal(calls, uses.filter((use) => use.file === file).length, file);
  }
});

test('every crash point has a test that kills the process there', () => {
  const killing = testFiles(ROOT)
    .filter((file) => file !== 'test/crash-points.test.ts')
    .map((file) => readText(ROOT, file))
    .filter((text) => /SIGKILL|killed/.test(text))
    .join('\n');
  // by its name, or with all those of a path: `points('upload.')`
  const paths = [...killing.matchAll(/\bpoints\('([a-z-]+\.)'\)/g)].map(([, prefix = '']) => prefix);
  const untested = CRASH_POINTS.filter(
    (name) => !killing.includes(`'${name}'`) && !paths.some((prefix) => name.startsWith(prefix)),
  );
  assert.deepEqual(untested, []);
});
