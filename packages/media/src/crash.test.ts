import { CRASH_POINTS } from '@sekisho/core/crash-points.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { makeFiles, MediaDomain, REPOSITORY_PASSWORD } from '@sekisho/testkit/media-domain.ts';
import { ProtectedHost, type RecordedPoint } from '@sekisho/testkit/protected-host.ts';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';

const CHILD = join(import.meta.dirname, 'testing/crash-child.ts');
const reply = z.object({
  port: z.number().optional(),
  done: z.boolean().optional(),
  failed: z.string().optional(),
});

/** The media server of this domain in another process that dies at the point. */
class DoomedServer {
  readonly child: ChildProcess;
  readonly dead: Promise<NodeJS.Signals | null>;

  constructor(crashAt: string) {
    this.child = fork(CHILD, { env: { ...process.env, SEKISHO_TEST_CRASH_POINT: crashAt }, stdio: 'ignore' });
    this.dead = new Promise((resolve) => this.child.once('exit', (_, signal) => resolve(signal)));
  }

  async start(domain: MediaDomain): Promise<void> {
    this.child.send({
      what: 'start',
      folder: domain.storeFolder,
      tls: domain.tls(),
      clockOffsetMs: domain.clock.nowMs() - systemClock.nowMs(),
    });
    domain.otherPort = (await this.answer()).port;
  }

  answer(): Promise<z.infer<typeof reply>> {
    return new Promise((resolve, reject) => {
      this.child.once('message', (raw) => resolve(reply.parse(raw)));
      this.child.once('exit', () => reject(new Error('the child ended')));
    });
  }

  end(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }
}

const points = (prefix: string): string[] => CRASH_POINTS.filter((name) => name.startsWith(prefix));

test('P-03 killed at every point of an upload: no half file, earlier points whole, the next backup works', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const first = await host.backUp();
  await domain.stop();
  const base = join(domain.storeFolder, host.client.repository);
  for (const point of points('upload.')) {
    // Uploads of a backup: the lock, two packs, the index, the snapshot.
    for (const pass of [2, 5]) {
      const doomed = new DoomedServer(`${point}:${pass}`);
      t.after(() => doomed.end());
      await doomed.start(domain);
      const giveUp = new AbortController();
      await makeFiles(host.source, [30_000 + pass, 70_000]);
      const backup = host.client.restic(['backup', host.source], { signal: giveUp.signal });
      const end = await Promise.race([doomed.dead, backup.then(() => 'the backup ended')]);
      assert.equal(end, 'SIGKILL', `${point}:${pass}`);
      giveUp.abort();
      await backup;

      domain.otherPort = undefined;
      await domain.open();
      assert.deepEqual(await readdir(join(base, 'incoming')), [], point);
      assert.deepEqual((await domain.server.scrub(host.client.repository)).damaged, [], point);
      assert.equal((await host.client.restic(['unlock'])).meaning, 'ok');
      const told = new Set(domain.snapshotsTold());
      for (const id of await host.snapshots()) assert.ok(told.has(id), 'what is on the disk was told');
      await host.proveSound();
      const next = await host.backUp([1000 + pass, 2000]);
      await host.proveRestores(next);
      await host.proveRestores(first);
      await domain.stop();
    }
  }
});

test('P-02 killed at every point of maintenance: the next run succeeds, check is clean, what stays restores', async (t) => {
  const domain = await MediaDomain.start(t);
  const host = await ProtectedHost.make(domain);
  const [old, older] = [await host.backUp(), await host.backUp([50_000, 60_000])];
  await domain.clock.advance(20 * DAY_MS);
  const kept = await host.backUp([300, 400]);
  await domain.stop();
  const saved = join(domain.folder, 'saved');
  await cp(domain.storeFolder, saved, { recursive: true, preserveTimestamps: true });
  for (const point of points('maintenance.')) {
    for (const pass of point.includes('trash') ? [1, 3] : [1]) {
      await rm(domain.storeFolder, { recursive: true });
      await cp(saved, domain.storeFolder, { recursive: true, preserveTimestamps: true });
      await dieInMaintenance(domain, host, `${point}:${pass}`, [old, older]);
      await domain.open();
      const { client } = host;
      const locks = await readdir(join(domain.storeFolder, client.repository, 'repository/locks'));
      assert.deepEqual(locks, [], `${point}: maintenance left no lock`);
      const result = await host.maintain([old.id, older.id]);
      assert.deepEqual([...result.forgotten].sort(), [old.id, older.id].sort(), point);
      assert.deepEqual(await host.snapshots(), [kept.id]);
      await host.proveSound();
      await host.proveRestores(kept);
      const next = await host.backUp([12_000, 900]);
      await host.proveRestores(next);
      await domain.stop();
      client.disconnect();
    }
  }
});

async function dieInMaintenance(
  domain: MediaDomain,
  host: ProtectedHost,
  crashAt: string,
  forget: readonly RecordedPoint[],
): Promise<void> {
  const doomed = new DoomedServer(crashAt);
  try {
    await doomed.start(domain);
    doomed.child.send({
      what: 'maintain',
      repository: host.client.repository,
      forget: forget.map((point) => point.id),
      password: REPOSITORY_PASSWORD,
    });
    const early = doomed.answer().catch(() => undefined);
    assert.equal(await Promise.race([doomed.dead, early]), 'SIGKILL', crashAt);
  } finally {
    doomed.end();
    domain.otherPort = undefined;
  }
  await untilTrue(async () => !(await isResticAlive(host)), 'no restic is left behind');
}

/** The key hint in its arguments tells a restic of this test from others on the machine. */
async function isResticAlive(host: ProtectedHost): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const [key] = await readdir(join(host.domain.storeFolder, host.client.repository, 'repository/keys'));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(key!)) return true;
  }
  return false;
}

async function untilTrue(question: () => Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(what);
}
