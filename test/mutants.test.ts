import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTargets } from '../tools/mutants/targets.ts';
import { ROOT } from './root.ts';

test('mutation testing names files and tests that exist', () => {
  const named = findTargets(ROOT).flatMap(({ file, tests }) => [file, ...tests]);
  assert.deepEqual(
    named.filter((file) => !existsSync(join(ROOT, file))),
    [],
  );
  assert.ok(named.includes('packages/core/src/rules/issuance.ts'));
});
