import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import { ProtectedHost } from '@sekisho/testkit/protected-host.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { trashRunName } from '../store/trash.ts';

test('P-02 maintenance forgets by ID what is old enough, prunes, and an administrator can undo it for 14 days', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const old = await host.backUp();
  await domain.clock.advance(10 * DAY_MS);
  const young = await host.backUp();
  await domain.clock.advance(4 * DAY_MS + HOUR_MS);
  const unknown = 'ee'.repeat(32) as typeof old.id;

  const first = await host.maintain([old.id, young.id, unknown]);
  assert.deepEqual(first.forgotten, [old.id]);
  assert.equal(first.pruned, true);
  assert.deepEqual(
    first.heldBack.map((held) => [held.snapshotId, held.code]),
    [
      [young.id, 'POINT_TOO_YOUNG'],
      [unknown, 'POINT_NOT_STORED'],
    ],
  );
  assert.ok(!first.log.some((line) => /http:\/\/[0-9a-f]+:/.test(line)), 'no credentials in the log');
  assert.deepEqual(await host.snapshots(), [young.id]);
  await host.proveSound();
  await host.proveRestores(young);
  const again = await host.maintain([old.id], { prune: false });
  assert.deepEqual([again.forgotten, again.heldBack], [[old.id], []], 'asked again, it is gone already');

  const later = await host.backUp();
  const recovered = await domain.server.recoverFromTrash(host.client.repository, 0);
  assert.equal(recovered.snapshots, 1);
  assert.deepEqual(await host.snapshots(), [old.id, young.id, later.id].sort());
  await host.proveSound();
  for (const point of [old, young, later]) await host.proveRestores(point);
  const third = await host.maintain([old.id]);
  assert.deepEqual(third.forgotten, [old.id], 'it kept its reception time');
  await host.proveSound();

  const trash = join(domain.storeFolder, host.client.repository, 'trash');
  assert.ok((await readdir(trash)).length > 0);
  await domain.clock.advance(14 * DAY_MS);
  await untilTrue(async () => {
    await domain.clock.advance(7 * HOUR_MS);
    return (await readdir(trash)).length === 0;
  });
  await assert.rejects(domain.server.recoverFromTrash(host.client.repository, 0), { code: 'TRASH_EMPTY' });
  await host.proveSound();
});

test('P-02 while maintenance runs the client can read and write nothing; a client at work keeps it out', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const point = await host.backUp();
  const { client } = host;
  t.after(() => client.disconnect());
  const lock = await client.put('locks', randomBytes(100));
  await assert.rejects(host.maintain([]), { code: 'REPOSITORY_BUSY' });
  assert.equal((await client.raw('HEAD', `/${client.repository}/locks/${lock.id}`)).status, 200);
  await domain.clock.advance(30 * MINUTE_MS);

  let refusedWrites = 0;
  let lockOfMaintenance: string | undefined;
  let begun: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (begun = resolve));
  const running = host.maintain([], { onProgress: () => begun() });
  let over = false;
  running.then(
    () => (over = true),
    () => (over = true),
  );
  await closed;
  while (!over) {
    const reply = await client.put('data', randomBytes(100));
    if (reply.reply.status === 503) {
      assert.equal(reply.reply.code, 'REPOSITORY_IN_MAINTENANCE');
      refusedWrites += 1;
      const lockReply = await client.put('locks', randomBytes(100));
      if (!over) assert.ok([503, 200].includes(lockReply.reply.status));
      const locks = await client.raw('GET', `/${client.repository}/locks/`);
      const [id] = JSON.parse(locks.body.toString()) as string[];
      if (id !== undefined && lockOfMaintenance === undefined) {
        const removal = await client.raw('DELETE', `/${client.repository}/locks/${id}`);
        if (removal.status === 403) {
          assert.equal(removal.code, 'LOCK_NOT_YOURS');
          lockOfMaintenance = id;
        }
      }
      const config = await client.raw('HEAD', `/${client.repository}/config`);
      assert.equal(config.status, 200, 'reads go on');
    }
  }
  await running;
  assert.ok(refusedWrites > 0);
  assert.ok(lockOfMaintenance !== undefined);
  assert.equal((await client.put('locks', randomBytes(100))).reply.status, 200);
  await assert.rejects(host.maintain([]), { code: 'REPOSITORY_BUSY' });
  await host.proveRestores(point);
});

test('P-02 two jobs at once, an upload that runs and a cancelled job: each leaves a repository that works', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const point = await host.backUp();
  const abort = new AbortController();
  const first = host.maintain([], { signal: abort.signal });
  await assert.rejects(host.maintain([]), { code: 'REPOSITORY_BUSY' });
  abort.abort();
  await assert.rejects(first, { code: 'MAINTENANCE_CANCELLED' });
  await host.backUp();
  await host.maintain([]);
  await host.proveSound();
  await host.proveRestores(point);
});

test('P-02 the wrong password removes nothing', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const point = await host.backUp();
  await domain.clock.advance(20 * DAY_MS);
  await assert.rejects(
    domain.server.maintain({
      jobId: 'x',
      repository: host.client.repository,
      forget: [point.id],
      prune: true,
      password: new Secret('wrong'),
    }),
    { code: 'RESTIC_FAILED' },
  );
  await host.proveRestores(point);
  await host.proveSound();
});

test('P-02 a pack that an interrupted maintenance had set aside is back after the restart', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const point = await host.backUp();
  await domain.stop();
  const base = join(domain.storeFolder, host.client.repository);
  const packs = await readdir(join(base, 'repository/data'), { recursive: true, withFileTypes: true });
  const pack = packs.find((entry) => entry.isFile())!;
  const startedAtMs = domain.clock.nowMs();
  const aside = join(base, 'trash', trashRunName(startedAtMs), 'quarantined/data', pack.name.slice(0, 2));
  await mkdir(aside, { recursive: true });
  await rename(join(pack.parentPath, pack.name), join(aside, pack.name));
  await writeFile(join(base, 'meta/maintenance.json'), JSON.stringify({ jobId: 'x', startedAtMs }));
  await writeFile(join(base, 'repository/locks', 'ab'.repeat(32)), 'left by maintenance');
  await domain.open();
  assert.deepEqual(await readdir(join(base, 'repository/locks')), []);
  await host.proveSound();
  await host.proveRestores(point);
  await host.maintain([]);
});

test('P-02 a sealed repository can be read and never changed, also after a restart and by maintenance', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const point = await host.backUp();
  const { client } = host;
  t.after(() => client.disconnect());
  await domain.clock.advance(20 * DAY_MS);
  await domain.server.seal(client.repository);
  assert.deepEqual(domain.eventsTold(), ['repository-sealed']);
  for (let round = 0; round < 2; round += 1) {
    for (const type of ['data', 'locks', 'snapshots']) {
      const { reply } = await client.put(type, randomBytes(50));
      assert.deepEqual([reply.status, reply.code], [403, 'REPOSITORY_SEALED']);
    }
    assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).code, 'REPOSITORY_SEALED');
    await host.proveRestores(point);
    const result = await host.maintain([point.id]);
    assert.deepEqual(result.forgotten, []);
    assert.equal(result.heldBack[0]?.code, 'REPOSITORY_SEALED');
    await domain.stop();
    client.disconnect();
    await domain.open();
  }
  const next = `/${client.host.hostId}.2/?create=true`;
  assert.equal((await client.raw('POST', next)).status, 200, 'the host goes on in the next repository');
});

test('P-02 P-15 a scrub needs no key and finds what the disk changed', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  await host.backUp();
  const sound = await domain.server.scrub(host.client.repository);
  assert.ok(sound.objects >= 5 && sound.bytes > 1_000_000);
  assert.deepEqual(sound.damaged, []);
  const objects = join(domain.storeFolder, host.client.repository, 'repository');
  const packs = (await readdir(join(objects, 'data'), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  );
  const victim = packs[0]!;
  const file = await open(join(victim.parentPath, victim.name), 'r+');
  await file.write(Buffer.from('flip'), 0, 4, 10);
  await file.close();
  assert.deepEqual((await domain.server.scrub(host.client.repository)).damaged, [
    { type: 'data', id: victim.name },
  ]);
  // A damaged disk is no insider: nothing is set aside, nothing removed.
  await domain.clock.advance(20 * DAY_MS);
  await assert.rejects(host.maintain([host.points[0]!.id]), { code: 'MAINTENANCE_CHECK_FAILED' });
  assert.deepEqual(await host.snapshots(), [host.points[0]!.id]);
});

async function untilTrue(question: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('it did not come true');
}
