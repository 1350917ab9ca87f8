import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

test('P-11 P-12 P-14 a folder is backed up over mutual TLS and restored byte for byte', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const source = join(fleet.folder, 'source');
  await mkdir(join(source, 'deep'), { recursive: true });
  await writeFile(join(source, 'deep', 'one.txt'), 'first');
  const plan = await fleet.plan('laptop', [source], 'vault');
  const job = await fleet.backup(plan.id, 'laptop');
  assert.equal(job.state, 'done', JSON.stringify(job.report));
  const [point] = await fleet.points('laptop');
  assert.ok(point);
  const target = join(fleet.folder, 'target');
  const restored = await fleet.restore(point, target);
  assert.equal(restored.state, 'done', JSON.stringify(restored.report));
  assert.equal(await readFile(join(target, source, 'deep', 'one.txt'), 'utf8'), 'first');
});
