import { AppError } from '@sekisho/core/errors.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { backUpStoppedDatabase } from './back-up-stopped.ts';
import { listBackups } from './backup-files.ts';

test('S-07 a stopped server is backed up too, a running one only by itself', async (t) => {
  const trust = await TrustServer.start(t);
  const { clock, dataFolder } = trust;
  const backUp = () =>
    backUpStoppedDatabase({ dataFolder, to: undefined, clock, log: silentLog(), environment: {} });
  await assert.rejects(
    backUp(),
    (error: unknown) => error instanceof AppError && error.code === 'DATABASE_IN_USE',
  );
  await trust.server.stop();
  const made = await backUp();
  assert.equal((await listBackups(join(dataFolder, 'backups')))[0]?.file, made.file);
});
