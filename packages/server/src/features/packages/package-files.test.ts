import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { eachStore, type TestStore } from '@sekisho/testkit/stores.ts';
import { tempFolder, type HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { offerPackage, packageFile, PackageFiles, removeUnkeptPackages } from './package-files.ts';
import { keepPackage, PACKAGE_PART_BYTES, PARTS_AT_ONCE } from './package-parts.store.ts';

const CHILD = join(import.meta.dirname, '../../testing/package-child.ts');
/** More than is written in one go, and no whole number of parts. */
const BYTES = PACKAGE_PART_BYTES * (PARTS_AT_ONCE + 3) + 11;
const random = new SeededRandom('packages');
const missing = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'PACKAGE_FILE_MISSING';

interface Published {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  readonly content: Uint8Array;
}

/** Workers of one domain, each with a data folder of its own. */
async function workersOn(t: HasAfter, { store, clock }: TestStore) {
  const log = silentLog();
  const folders = [await tempFolder(t), await tempFolder(t)] as const;
  const [a, b] = folders.map((dataFolder) => ({ store, clock, log, dataFolder }));
  assert.ok(a !== undefined && b !== undefined);
  const put = async (content = random.bytes(BYTES)): Promise<Published> => {
    const draft = join(a.dataFolder, 'draft');
    await writeFile(draft, content);
    const found = await hashFile(draft, content.byteLength);
    const path = packageFile(a.dataFolder, found.sha256);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(draft, path);
    return { ...found, content };
  };
  const publish = async (one: Published): Promise<void> => {
    await offerPackage(a, one);
    await store.transaction((tx) => keepPackage(tx, { ...one, platform: 'linux-amd64' }, clock.nowMs()));
  };
  const read = async (files: PackageFiles, one: Published): Promise<Uint8Array> => {
    const file = await files.open(one);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  };
  return { a, b, put, publish, read };
}

const partsOf = async ({ store }: TestStore, sha256: string): Promise<number> =>
  (await store.db.selectFrom('package_parts').select('part').where('sha256', '=', sha256).execute()).length;

eachStore((dialect, open) => {
  test('F-04 a package that was published on one worker is handed out by all of them, or said to be missing', async (t) => {
    const opened = await open(t);
    const { a, b, put, publish, read } = await workersOn(t, opened);
    const one = await put();
    await publish(one);
    assert.deepEqual(await read(new PackageFiles(a), one), Buffer.from(one.content));
    const files = new PackageFiles(b);
    if (dialect === 'sqlite') {
      assert.equal(await partsOf(opened, one.sha256), 0, 'one worker needs no copy');
      await assert.rejects(files.open(one), missing);
      return;
    }
    const [first, second] = await Promise.all([read(files, one), read(files, one)]);
    assert.deepEqual([first, second], [Buffer.from(one.content), Buffer.from(one.content)]);

    const own = packageFile(b.dataFolder, one.sha256);
    await writeFile(own, Buffer.from(one.content).reverse());
    assert.deepEqual(
      await read(files, one),
      Buffer.from(one.content),
      'a copy that was changed is fetched anew',
    );

    await rm(own);
    const { db } = opened.store;
    const part = { content: Buffer.from('other').toString('base64') };
    await db.updateTable('package_parts').set(part).where('part', '=', 2).execute();
    await assert.rejects(files.open(one), missing);
    await db.deleteFrom('package_parts').where('part', '=', 2).execute();
    await assert.rejects(files.open(one), missing);
    assert.deepEqual(await readdir(dirname(own)), [], 'nothing that is not whole stays');
    await publish(one);
    assert.deepEqual(await read(files, one), Buffer.from(one.content));
  });

  test('F-04 the newest package of a platform and the one before it are kept, the others go', async (t) => {
    const opened = await open(t);
    const { a, put, publish } = await workersOn(t, opened);
    const all: Published[] = [];
    for (let n = 0; n < 3; n += 1) {
      all.push(await put(random.bytes(100)));
      await publish(all[n]!);
      await opened.clock.advance(1);
    }
    const [oldest, ...kept] = all.map(({ sha256 }) => sha256);
    assert.ok(oldest !== undefined);
    const rows = await opened.store.db.selectFrom('package_files').select('sha256').execute();
    assert.deepEqual(rows.map(({ sha256 }) => sha256).sort(), [...kept].sort());
    const stored = dialect === 'postgres' ? 1 : 0;
    await removeUnkeptPackages(a);
    assert.equal(await partsOf(opened, oldest), stored, 'somebody may be about to publish it');
    await opened.clock.advance(HOUR_MS + 1);
    const longAgo = (opened.clock.nowMs() - 2 * HOUR_MS) / 1000;
    const folder = dirname(packageFile(a.dataFolder, oldest));
    for (const name of await readdir(folder)) await utimes(join(folder, name), longAgo, longAgo);
    await removeUnkeptPackages(a);
    assert.equal(await partsOf(opened, oldest), 0);
    for (const sha256 of kept) assert.equal(await partsOf(opened, sha256), stored);
    assert.deepEqual((await readdir(folder)).sort(), kept.map((sha256) => `${sha256}.deb`).sort());
  });

  if (dialect === 'sqlite') return;
  test('F-04 a worker whose disk is full says so, keeps no half of a package, and has it when there is room', async (t) => {
    const opened = await open(t);
    const { b, put, publish, read } = await workersOn(t, opened);
    const one = await put();
    await publish(one);
    const disk = join(b.dataFolder, 'packages');
    await mkdir(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0)
      return t.skip('needs the right to mount a small disk');
    const files = new PackageFiles(b);
    try {
      await assert.rejects(
        files.open(one),
        (error) => error instanceof AppError && error.code === 'DISK_FULL',
      );
      assert.deepEqual(await readdir(disk), []);
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
    assert.deepEqual(await read(files, one), Buffer.from(one.content));
  });

  for (const [point, half] of [
    ['package.part-written', 'offer'],
    ['package.before-rename', 'fetch'],
  ] as const satisfies readonly (readonly [CrashPoint, string])[])
    test(`F-04 killed at ${point}: nobody gets half a package, and the next try has the whole`, async (t) => {
      const opened = await open(t);
      const { a, b, put, publish, read } = await workersOn(t, opened);
      const one = await put();
      if (half === 'fetch') await publish(one);
      const { dataFolder } = half === 'offer' ? a : b;
      const args = [CHILD, half, opened.database, dataFolder, one.sha256, String(one.bytes)];
      const env = { ...process.env, SEKISHO_TEST_CRASH_POINT: point };
      const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
      t.after(() => child.kill('SIGKILL'));
      const [, signal] = await once(child, 'exit');
      assert.equal(signal, 'SIGKILL');
      const files = new PackageFiles(b);
      if (half === 'offer') {
        assert.equal(await partsOf(opened, one.sha256), PARTS_AT_ONCE);
        await assert.rejects(files.open(one), missing);
        await publish(one);
      } else assert.deepEqual(await readdir(join(b.dataFolder, 'packages')), [`${one.sha256}.part`]);
      assert.deepEqual(await read(files, one), Buffer.from(one.content));
      assert.deepEqual(await readdir(join(b.dataFolder, 'packages')), [`${one.sha256}.deb`]);
      assert.deepEqual(await readFile(packageFile(b.dataFolder, one.sha256)), Buffer.from(one.content));
    });
});
