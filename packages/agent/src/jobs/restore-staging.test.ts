import { parseJobId } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import { makeStaging, safeFolder, sweepStaging } from './restore-staging.ts';

const jobId = parseJobId('ab'.repeat(16))!;

test('P-14 a restore is put together where nobody else can put a link in the place of its folder', async (t) => {
  const base = await realpath(await tempFolder(t));
  const { dev } = await lstat(base);
  const deep = join(base, 'open/deep');
  await mkdir(deep, { recursive: true });
  assert.equal(await safeFolder(deep, dev), deep);
  await chmod(join(base, 'open'), 0o777);
  assert.equal(await safeFolder(deep, dev), base, 'others may rename in the folder above');
  await chmod(join(base, 'open'), 0o1777);
  assert.equal(await safeFolder(deep, dev), deep, 'under the sticky bit they may not');
  await symlink(deep, join(base, 'link'));
  assert.equal(await safeFolder(join(base, 'link'), dev), deep);
  assert.equal(await safeFolder(deep, -1), undefined, 'on no other disk');
});

test(
  'P-14 a folder of another user is not built in',
  { skip: process.getuid?.() === 0 ? false : 'only root can give folders away' },
  async (t) => {
    const { chown } = await import('node:fs/promises');
    const base = await realpath(await tempFolder(t));
    const theirs = join(base, 'theirs');
    await mkdir(theirs);
    await chown(theirs, 65_534, 65_534);
    assert.equal(await safeFolder(theirs, (await lstat(base)).dev), base);
  },
);

test('P-12 what a crashed restore left is removed at the start; what cannot be removed does not stop the agent', async (t) => {
  const folder = dataFolderAt(await tempFolder(t));
  await prepareDataFolder(folder);
  const staging = await makeStaging(folder, jobId, folder.root);
  assert.ok(existsSync(staging.path));
  const unreadable = parseJobId('cd'.repeat(16))!;
  await mkdir(join(folder.jobs, `${unreadable}.staging`));
  await writeFile(join(staging.path, 'half'), 'x');
  assert.equal(await sweepStaging(folder, silentLog()), 1);
  assert.equal(existsSync(staging.path), false);
});
