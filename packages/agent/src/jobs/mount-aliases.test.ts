import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountAliases, parseMounts, readMounts } from './mount-aliases.ts';
import { inspectPaths } from './own-folders.ts';

const MOUNTS = parseMounts(
  [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '23 22 8:2 / /var rw - ext4 /dev/sda2 rw',
    '24 22 8:2 /lib/sekisho/agent /mnt/own\\040keys rw - ext4 /dev/sda2 rw',
    '25 22 8:2 /lib /srv/lib rw - ext4 /dev/sda2 rw',
    '26 22 8:2 /lib/sekisho/agent/identity /mnt/keys rw - ext4 /dev/sda2 rw',
    '27 22 8:1 /home /mnt/home rw - ext4 /dev/sda1 rw',
    'damaged',
  ].join('\n'),
);

test('T-19 a folder is found under every mount of its file system, also of a part of it', () => {
  assert.deepEqual(mountAliases(['/var/lib/sekisho/agent'], MOUNTS), [
    '/mnt/own keys',
    '/srv/lib/sekisho/agent',
    '/mnt/keys',
  ]);
  assert.deepEqual(mountAliases(['/home/x'], MOUNTS), ['/mnt/home/x']);
  assert.deepEqual(mountAliases(['/etc'], MOUNTS), []);
  assert.deepEqual(mountAliases(['/etc'], []), []);
});

test("T-19 the agent's own folder stays out of a backup that reaches it through a bind mount", async (t) => {
  const top = await tempFolder(t);
  const own = join(top, 'agent');
  const alias = join(top, 'bound');
  const above = join(top, 'above');
  for (const path of [own, alias, join(above, 'agent')]) await mkdir(path, { recursive: true });
  const mounts = [
    { device: '8:1', root: '/', at: '/' },
    { device: '8:1', root: own, at: alias },
    { device: '8:1', root: top, at: above },
  ];
  const found = await inspectPaths([alias, above, top], [own], mounts);
  assert.deepEqual(found.own, [alias]);
  assert.deepEqual(found.present, [above, top]);
  for (const path of [own, alias, join(above, 'agent')]) assert.ok(found.excludes.includes(path), path);
  assert.ok((await readMounts()).some(({ at }) => at === '/'));
});
