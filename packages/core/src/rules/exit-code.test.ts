import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitMeaning } from './exit-code.ts';

test('P-12 every exit code of restic has one meaning, and unknown ones are failures', () => {
  const table: [number | null, boolean, string][] = [
    [0, false, 'ok'],
    [1, false, 'failed'],
    [2, false, 'failed'],
    [3, false, 'incomplete'],
    [10, false, 'no-repository'],
    [11, false, 'locked'],
    [12, false, 'wrong-password'],
    [130, false, 'cancelled'],
    [42, false, 'failed'],
    [-1, false, 'failed'],
    [null, false, 'failed'],
    [1, true, 'cancelled'],
    [null, true, 'cancelled'],
    [0, true, 'ok'],
  ];
  for (const [code, cancelled, meaning] of table) {
    assert.equal(exitMeaning(code, cancelled), meaning, `exit code ${code}, cancelled ${cancelled}`);
  }
});
