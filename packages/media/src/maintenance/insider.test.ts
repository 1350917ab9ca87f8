import type { SnapshotId } from '@sekisho/core/ids.ts';
import { FORGET_PER_RUN_MAX } from '@sekisho/core/limits.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import { ProtectedHost } from '@sekisho/testkit/protected-host.ts';
import {
  forgeFile,
  forgePack,
  forgeRepository,
  sha256,
  type ForgedBlob,
} from '@sekisho/testkit/restic-forge.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

/** A host with two recovery points that are old enough to be forgotten, and the key that an insider has. */
async function poisonable(t: Parameters<typeof MediaDomain.start>[0]) {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  t.after(() => host.client.disconnect());
  const points = [await host.backUp(), await host.backUp([7_000, 40_000])];
  await domain.clock.advance(15 * DAY_MS);
  const key = await host.masterKey();
  const put = async (type: string, bytes: Uint8Array): Promise<string> => {
    const { id, reply } = await host.client.put(type, bytes);
    assert.equal(reply.status, 200);
    return id;
  };
  const listed = (await host.client.restic(['list', 'blobs', '--no-lock'])).lines.map((line) =>
    line.split(' '),
  );
  const blobs = listed.map(([type, id]) => ({ type: type === 'tree' ? 'tree' : 'data', id: id! }) as const);
  return { domain, host, points, key, put, blobs };
}

const garbageFor = (blobs: readonly { type: 'tree' | 'data'; id: string }[]): ForgedBlob[] =>
  blobs.map((blob) => ({ ...blob, content: Buffer.from('nothing of the kind') }));

test('P-02 insider: packs that claim the IDs of good blobs with other content are set aside before a prune', async (t) => {
  const { host, points, key, put, blobs } = await poisonable(t);
  const ofData = forgePack(key, garbageFor(blobs.filter((blob) => blob.type === 'data')));
  const ofTrees = forgePack(key, garbageFor(blobs.filter((blob) => blob.type === 'tree')));
  for (const pack of [ofData, ofTrees]) {
    await put('data', pack.bytes);
    const index = { packs: [{ id: pack.id, blobs: pack.blobs }] };
    await put('index', forgeFile(key, index).bytes);
  }
  const result = await host.maintain([points[0]!.id]);
  assert.deepEqual([...result.quarantined.packs].sort(), [ofData.id, ofTrees.id].sort());
  assert.deepEqual(result.forgotten, [points[0]!.id]);
  await host.proveSound();
  await host.proveRestores(points[1]!);
  await host.domain.server.recoverFromTrash(host.client.repository, 0);
  await host.proveSound();
  for (const point of points) await host.proveRestores(point);
});

test('P-02 insider: a forged index that replaces every other one and points into garbage is not believed', async (t) => {
  const { host, points, key, put, blobs } = await poisonable(t);
  const indexes = (await host.client.restic(['list', 'index', '--no-lock'])).lines;
  const pack = forgePack(key, garbageFor(blobs));
  await put('data', pack.bytes);
  const forged = await put(
    'index',
    forgeFile(key, {
      supersedes: indexes,
      packs: [
        { id: pack.id, blobs: pack.blobs },
        { id: 'aa'.repeat(32), blobs: blobs.map((blob) => ({ ...blob, offset: 0, length: 99 })) },
      ],
    }).bytes,
  );
  await put('index', randomBytes(300));
  await put('index', Buffer.from('x'));
  await host.maintain([]);
  const left = (await host.client.restic(['list', 'index', '--no-lock'])).lines;
  assert.ok(!left.includes(forged));
  await host.proveSound();
  for (const point of points) await host.proveRestores(point);
});

test('P-02 insider: garbage snapshots, also some that make restic panic, go to quarantine and are told', async (t) => {
  const { domain, host, points, key, put } = await poisonable(t);
  const garbage = [
    await put('snapshots', Buffer.from('8 bytes!')),
    await put('snapshots', randomBytes(31)),
    await put('snapshots', randomBytes(500)),
    await put('snapshots', forgeFile(key, ['not', 'a', 'snapshot']).bytes),
  ];
  const result = await host.maintain([]);
  assert.deepEqual([...result.quarantined.snapshots].sort(), [...garbage].sort());
  assert.ok(domain.eventsTold().includes('snapshot-quarantined'));
  assert.deepEqual(await host.snapshots(), points.map((point) => point.id).sort());
  await host.proveSound();
  for (const point of points) await host.proveRestores(point);
});

test('P-02 insider: hundreds of forged snapshots remove no earlier point; those ordered go when old enough, at most so many a run', async (t) => {
  const { domain, host, points, key, put } = await poisonable(t);
  const [real] = await host.client.restic(['snapshots', '--json', '--no-lock']).then(({ lines }) => lines);
  const { tree } = (JSON.parse(real!) as { tree: string }[])[0]!;
  const forged: SnapshotId[] = [];
  for (let index = 0; index < FORGET_PER_RUN_MAX + 50; index += 1) {
    const time = new Date(Date.UTC(2035, 0, 1) + index * HOUR_MS).toISOString(); // newer than all real ones
    const fake = forgeFile(key, { time, tree, paths: [host.source], hostname: 'h', username: 'u', index });
    forged.push((await put('snapshots', fake.bytes)) as SnapshotId);
  }
  const early = await host.maintain(forged);
  assert.deepEqual(early.forgotten, []);
  assert.ok(early.heldBack.every((held) => held.code === 'POINT_TOO_YOUNG'));
  for (const point of points) await host.proveRestores(point);
  await domain.clock.advance(15 * DAY_MS);
  const late = await host.maintain(forged, { prune: false });
  assert.equal(late.forgotten.length, FORGET_PER_RUN_MAX);
  assert.equal(late.heldBack.length, 50);
  assert.ok(late.heldBack.every((held) => held.code === 'REMOVALS_CAPPED'));
  await host.proveSound();
  for (const point of points) await host.proveRestores(point);
});

test('P-02 insider: snapshots whose files do not exist stop the removal, until an administrator orders them away', async (t) => {
  const { domain, host, points, key, put } = await poisonable(t);
  const hollow = (await put(
    'snapshots',
    forgeFile(key, { time: '2030-01-01T00:00:00Z', tree: 'ab'.repeat(32), paths: ['/x'] }).bytes,
  )) as SnapshotId;
  await assert.rejects(host.maintain([points[0]!.id]), { code: 'MAINTENANCE_CHECK_FAILED' });
  for (const point of points) await host.proveRestores(point);
  await domain.clock.advance(15 * DAY_MS);
  const result = await host.maintain([hollow, points[0]!.id]);
  assert.deepEqual([...result.forgotten].sort(), [hollow, points[0]!.id].sort());
  await host.proveSound();
  await host.proveRestores(points[1]!);
});

test('P-02 insider: forged locks delay maintenance and no longer; forged keys do not hide the real one', async (t) => {
  const { domain, host, points, key, put } = await poisonable(t);
  for (let index = 0; index < 40; index += 1) {
    const lock = { time: '2099-01-01T00:00:00Z', exclusive: true, hostname: 'elsewhere', pid: 1, index };
    await put('locks', forgeFile(key, lock).bytes);
  }
  for (let index = 0; index < 4; index += 1) {
    const huge = { kdf: 'scrypt', N: 2 ** 20, r: 8, p: 16, salt: 'AAAA', data: 'AAAA', index };
    await put('keys', Buffer.from(JSON.stringify(huge)));
    await put('keys', forgeRepository('another password').key.bytes);
  }
  await put('keys', randomBytes(99));
  const tooMany = await host.client.put('keys', randomBytes(99));
  assert.equal(tooMany.reply.code, 'OBJECTS_TOO_MANY');
  await assert.rejects(host.maintain([points[0]!.id]), { code: 'REPOSITORY_BUSY' });
  await domain.clock.advance(HOUR_MS);
  const result = await host.maintain([points[0]!.id]);
  assert.deepEqual(result.forgotten, [points[0]!.id]);
  await host.maintain([]);
  await host.proveRestores(points[1]!);
});

test('P-01 P-02 insider: whatever one host does, the repository of another is not changed by a byte', async (t) => {
  const { domain, host, key, put, blobs } = await poisonable(t);
  const other = await ProtectedHost.make(domain);
  t.after(() => other.client.disconnect());
  const point = await other.backUp();
  const before = await domain.server.scrub(other.client.repository);
  await put('data', forgePack(key, garbageFor(blobs)).bytes);
  for (const [method, path] of [
    ['DELETE', `/${other.client.repository}/snapshots/${point.id}`],
    ['DELETE', `/${other.client.repository}/`],
    ['POST', `/${other.client.repository}/locks/${sha256(Buffer.from('x'))}`],
    ['GET', `/${other.client.repository}/snapshots/`],
    ['GET', `/${other.client.repository}/config`],
  ] as const) {
    const reply = await host.client.raw(method, path, method === 'POST' ? { body: Buffer.from('x') } : {});
    assert.deepEqual([reply.status, reply.code], [403, 'REPOSITORY_OTHER_HOST']);
  }
  await host.maintain([]);
  assert.deepEqual(await domain.server.scrub(other.client.repository), before);
  await other.proveRestores(point);
});
