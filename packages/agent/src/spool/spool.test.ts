import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import { openSpool } from './spool.ts';

const log = silentLog();
const event = (spoolId: string, detail: Record<string, string | number> = {}): SpoolItem => ({
  kind: 'event',
  spoolId,
  event: 'document-refused',
  atMs: 1,
  detail,
});
const offer = (spoolId: string): SpoolItem => ({
  kind: 'offer',
  spoolId,
  jobId: '0'.repeat(32) as never,
  accepted: true,
  code: null,
  params: {},
  startedAtMs: null,
});
const ids = (items: readonly SpoolItem[]): string[] => items.map((item) => item.spoolId);

test('P-12 what was spooled is sent in order, also after a restart, until it is acknowledged', async (t) => {
  const folder = await tempFolder(t);
  const first = await openSpool({ folder, log });
  for (const id of ['c', 'a', 'b']) await first.put(event(id));
  const second = await openSpool({ folder, log });
  assert.deepEqual(ids(await second.batch()), ['c', 'a', 'b']);
  await second.acknowledge(['a', 'unknown']);
  assert.deepEqual(ids(await (await openSpool({ folder, log })).batch()), ['c', 'b']);
});

test('P-12 the same item again takes the place of the one that waits', async (t) => {
  const folder = await tempFolder(t);
  const spool = await openSpool({ folder, log });
  await spool.put(event('a', { pass: 1 }));
  await spool.put(event('a', { pass: 2 }));
  assert.equal(spool.size, 1);
  assert.deepEqual((await spool.batch())[0], event('a', { pass: 2 }));
  assert.equal((await readdir(folder)).length, 1);
});

test('a damaged item is set aside and does not hold up the others', async (t) => {
  const folder = await tempFolder(t);
  const spool = await openSpool({ folder, log });
  await spool.put(event('a'));
  await writeFile(join(folder, '000000000099.bad.json'), '{"kind":"ev');
  const again = await openSpool({ folder, log });
  assert.deepEqual(ids(await again.batch()), ['a']);
  assert.ok((await readdir(folder)).includes('000000000099.bad.json.damaged'));
});

test('a batch stays below the limits of a frame', async (t) => {
  const spool = await openSpool({ folder: await tempFolder(t), log });
  for (let index = 0; index < 25; index += 1) await spool.put(event(`small-${index}`));
  assert.equal((await spool.batch()).length, 20);
  const large = await openSpool({ folder: await tempFolder(t), log });
  const bulk = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'x'.repeat(4000)]));
  for (let index = 0; index < 4; index += 1) await large.put(event(`large-${index}`, bulk));
  assert.equal((await large.batch()).length, 1);
});

test('a full spool drops events for what counts more, and refuses the rest', async (t) => {
  const spool = await openSpool({ folder: await tempFolder(t), log, itemsMax: 2 });
  await spool.put(event('e'));
  await spool.put(offer('o1'));
  await assert.rejects(spool.put(event('e2')), { code: 'SPOOL_FULL' });
  await spool.put(offer('o2'));
  assert.deepEqual(ids(await spool.batch()), ['o1', 'o2']);
  await assert.rejects(spool.put(offer('o3')), { code: 'SPOOL_FULL' });
  await spool.put(offer('o2'));
});

const crashes: [string, string[]][] = [
  ['spool.before-fsync', []],
  ['spool.before-rename', []],
  ['spool.renamed', ['new']],
];
for (const [point, survivors] of crashes) {
  test(`P-12 killed at ${point}, the spool holds a whole item or none`, async (t) => {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    const child = await runChild(['spool-put', folder.root, JSON.stringify(event('new'))], point);
    assert.equal(child.killed, true, child.errors);
    await prepareDataFolder(folder);
    const spool = await openSpool({ folder: folder.spool, log });
    assert.deepEqual(ids(await spool.batch()), survivors);
    assert.equal((await readdir(folder.spool)).length, survivors.length);
    await spool.put(event('new'));
    assert.deepEqual(ids(await spool.batch()), ['new']);
  });
}

test('P-12 killed at spool.acknowledged, the item is sent again', async (t) => {
  const folder = dataFolderAt(await tempFolder(t));
  await mkdir(folder.spool, { recursive: true });
  await (await openSpool({ folder: folder.spool, log })).put(event('a'));
  const child = await runChild(['spool-acknowledge', folder.root, 'a'], 'spool.acknowledged');
  assert.equal(child.killed, true, child.errors);
  assert.deepEqual(ids(await (await openSpool({ folder: folder.spool, log })).batch()), ['a']);
});
