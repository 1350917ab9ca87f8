import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { lchown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { originalPlace } from './original-place.ts';
import { escapePattern, inspectPaths } from './own-folders.ts';

test('P-14 the original place is the deepest folder that exists, and the first name below it', async (t) => {
  const root = await tempFolder(t);
  await mkdir(join(root, 'a/b'), { recursive: true });
  assert.deepEqual(await originalPlace(join(root, 'a/b/c')), {
    folder: join(root, 'a/b'),
    above: join(root, 'a/b'),
    name: 'c',
  });
  assert.deepEqual(await originalPlace(join(root, 'a/x/y/z')), {
    folder: join(root, 'a'),
    above: join(root, 'a'),
    name: 'x',
  });
});

test("P-14 the system's and our own links are followed, those of others and files are not", async (t) => {
  const root = await tempFolder(t);
  await mkdir(join(root, 'real/in'), { recursive: true });
  await symlink('real', join(root, 'link'));
  assert.deepEqual(await originalPlace(join(root, 'link/in/f')), {
    folder: join(root, 'real/in'),
    above: join(root, 'link/in'),
    name: 'f',
  });
  await writeFile(join(root, 'file'), '');
  await assert.rejects(originalPlace(join(root, 'file/f')), { code: 'RESTORE_TARGET_UNUSABLE' });
  await symlink('loop', join(root, 'loop'));
  await assert.rejects(originalPlace(join(root, 'loop/f')), { code: 'RESTORE_TARGET_UNUSABLE' });
  if (process.getuid?.() !== 0) return;
  await symlink('/etc', join(root, 'foreign'));
  await lchown(join(root, 'foreign'), 12345, 12345);
  await assert.rejects(originalPlace(join(root, 'foreign/f')), { code: 'RESTORE_TARGET_UNUSABLE' });
});

test("T-19 the agent's own folders are excluded by every path that leads to them", async (t) => {
  const root = await tempFolder(t);
  const own = join(root, 'agent [1]');
  await mkdir(join(own, 'identity'), { recursive: true });
  await symlink(root, join(root, 'link'));
  const found = await inspectPaths(
    [root, `${join(root, 'link')}/.`, join(own, 'identity'), join(root, 'none')],
    [own],
  );
  assert.deepEqual(found.present, [root, `${join(root, 'link')}/.`]);
  assert.deepEqual(found.own, [join(own, 'identity')]);
  assert.deepEqual(found.missing, [join(root, 'none')]);
  assert.deepEqual(
    found.excludes.sort(),
    [escapePattern(own), escapePattern(join(root, 'link/agent [1]'))].sort(),
  );
  assert.equal(escapePattern('/a*b?[c]\\'), '/a\\*b\\?\\[c\\]\\\\');
});
