import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import { ProtectedHost } from '@sekisho/testkit/protected-host.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const MIB = 1024 * 1024;
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

/** A small file system of its own, or undefined where mounting is not allowed. */
async function smallDisk(t: TestContext, mebibytes: number): Promise<string | undefined> {
  if (!mayMount) return undefined;
  const { path, remove } = await makeTempFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    await remove();
    return undefined;
  }
  t.after(async () => {
    execFileSync('umount', ['-l', path]); // lazily: the server that uses it ends in a later hook
    await remove();
  });
  return path;
}

test('P-03 A-10 a really full disk: 507 with its code, one event, nothing half, and it goes on when there is room', async (t) => {
  const disk = await smallDisk(t, 32);
  if (disk === undefined) {
    t.skip('mounting a small file system needs root');
    return;
  }
  const domain = await MediaDomain.start(t, { folder: disk });
  const host = await ProtectedHost.make(domain);
  t.after(() => host.client.disconnect());
  const point = await host.backUp([1_000_000]);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(24 * MIB));
  const { client } = host;
  let refused = 0;
  for (let upload = 0; upload < 12; upload += 1) {
    const { reply } = await client.put('data', randomBytes(MIB));
    if (reply.status === 200) continue;
    assert.deepEqual([reply.status, reply.code], [507, 'DISK_FULL']);
    refused += 1;
  }
  assert.ok(refused > 2);
  assert.deepEqual(domain.eventsTold(), ['repository-low', 'repository-full']);
  assert.deepEqual(await readdir(join(disk, client.repository, 'incoming')), []);
  // No space on the write itself: the measurement came before somebody else filled the disk.
  const scrubbed = await domain.server.scrub(client.repository);
  assert.deepEqual(scrubbed.damaged, []);
  await host.proveRestores(point);
  await rm(ballast);
  assert.equal((await client.put('data', randomBytes(MIB))).reply.status, 200);
  await domain.stop();
  await domain.open();
  assert.deepEqual((await domain.server.scrub(client.repository)).damaged, []);
  await host.proveRestores(point);
});

test('P-03 no space on the write itself is 507, and leaves nothing', async (t) => {
  const disk = await smallDisk(t, 16);
  if (disk === undefined) {
    t.skip('mounting a small file system needs root');
    return;
  }
  // A disk that says it has room, and then has none.
  const measureSpace = () => Promise.resolve({ freeBytes: 900 * MIB, totalBytes: 1000 * MIB });
  const domain = await MediaDomain.start(t, { folder: disk, measureSpace });
  const client = await domain.client();
  t.after(() => client.disconnect());
  assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).status, 200);
  await writeFile(join(disk, 'ballast'), Buffer.alloc(10 * MIB));
  const { id, reply } = await client.put('data', randomBytes(12 * MIB));
  assert.deepEqual([reply.status, reply.code], [507, 'DISK_FULL']);
  assert.deepEqual(domain.eventsTold(), ['repository-full']);
  assert.equal((await client.raw('HEAD', `/${client.repository}/data/${id}`)).status, 404);
  assert.deepEqual(await readdir(join(disk, client.repository, 'incoming')), []);
  assert.equal((await client.put('data', randomBytes(MIB))).reply.status, 200);
});

test('A-10 low and full are told once for each crossing, and again after there was room', async (t) => {
  const space = { freeBytes: 500 * MIB, totalBytes: 1000 * MIB };
  const domain = await MediaDomain.start(t, { measureSpace: () => Promise.resolve({ ...space }) });
  const client = await domain.client();
  t.after(() => client.disconnect());
  await client.raw('POST', `/${client.repository}/?create=true`);
  const story: [number, number, string[]][] = [
    [500, 200, []],
    [149, 200, ['repository-low']],
    [140, 200, ['repository-low']],
    [49, 200, ['repository-low', 'repository-full']],
    [1, 507, ['repository-low', 'repository-full']],
    [80, 200, ['repository-low', 'repository-full']],
    [40, 200, ['repository-low', 'repository-full', 'repository-full']],
    [300, 200, ['repository-low', 'repository-full', 'repository-full']],
    [100, 200, ['repository-low', 'repository-full', 'repository-full', 'repository-low']],
  ];
  for (const [freeMiB, status, told] of story) {
    space.freeBytes = freeMiB * MIB;
    assert.equal((await client.put('data', randomBytes(1000))).reply.status, status, `${freeMiB} MiB free`);
    assert.deepEqual(domain.eventsTold(), told, `${freeMiB} MiB free`);
  }
});

test('P-03 a host over its quota gets 507 with a code of its own, and others go on', async (t) => {
  const domain = await MediaDomain.start(t);
  domain.quotaBytes = 100_000;
  const [client, other] = [await domain.client(), await domain.client()];
  t.after(() => {
    client.disconnect();
    other.disconnect();
  });
  for (const each of [client, other]) await each.raw('POST', `/${each.repository}/?create=true`);
  const kept = randomBytes(60_000);
  assert.equal((await client.put('data', kept)).reply.status, 200);
  for (let turn = 0; turn < 2; turn += 1) {
    const { reply } = await client.put('data', randomBytes(60_000));
    assert.deepEqual([reply.status, reply.code], [507, 'REPOSITORY_QUOTA']);
  }
  assert.deepEqual(domain.eventsTold(), ['repository-quota']);
  assert.equal((await client.put('data', kept)).reply.status, 200, 'what is there needs no room');
  assert.equal((await client.put('locks', randomBytes(60_000))).reply.status, 200, 'a restore can lock');
  const second = `/${client.host.hostId}.2`;
  await client.raw('POST', `${second}/?create=true`);
  const body = randomBytes(60_000);
  const id = createHash('sha256').update(body).digest('hex');
  assert.equal(
    (await client.raw('POST', `${second}/data/${id}`, { body })).code,
    'REPOSITORY_QUOTA',
    'one quota for all',
  );
  assert.equal((await other.put('data', randomBytes(60_000))).reply.status, 200);
  await domain.stop();
  client.disconnect();
  await domain.open();
  assert.equal(
    (await client.put('data', randomBytes(60_000))).reply.code,
    'REPOSITORY_QUOTA',
    'also after a restart',
  );
  domain.quotaBytes = null;
  assert.equal((await client.put('data', randomBytes(60_000))).reply.status, 200);
});
