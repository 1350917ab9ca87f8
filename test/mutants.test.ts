import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TARGETS } from '../tools/mutants/targets.ts';
import { filesBelow } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

test('mutation testing names files and tests that exist', () => {
  const named = TARGETS.flatMap(({ file, tests }) => [file, ...tests]);
  assert.deepEqual(
    named.filter((file) => !existsSync(join(ROOT, file))),
    [],
  );
});

test('every rule that has tests of its own is looked at by mutation testing', () => {
  const rules = filesBelow(ROOT, 'packages/core/src/rules')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replace('.test.ts', '.ts'));
  const looked = new Set(TARGETS.map(({ file }) => file));
  assert.deepEqual(
    rules.filter((file) => !looked.has(file)),
    [],
  );
});
