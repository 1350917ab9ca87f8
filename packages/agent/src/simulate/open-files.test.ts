import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFilesLimit, requireOpenFiles } from './open-files.ts';

test('S-10 a simulation that needs more connections than the process may open is refused with the limit to set', () => {
  assert.throws(
    () => requireOpenFiles(1_000, 1_024),
    (error) =>
      error instanceof AppError &&
      error.code === 'SIMULATION_FILES_FEW' &&
      error.params['needed'] === 2_200 &&
      error.params['limit'] === 1_024,
  );
  requireOpenFiles(1_000, 2_200);
});

test('the limit of this process is known, and enough for a small fleet', () => {
  const limit = openFilesLimit();
  assert.ok(limit === undefined || limit > 0);
  requireOpenFiles(1);
});
