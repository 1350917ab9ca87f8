import { serverSource } from '@sekisho/cli/audit/sources.ts';
import { verifyLog } from '@sekisho/cli/audit/verify-log.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { MERGE_WINDOW_MS } from '@sekisho/core/rules/merging.ts';
import { createToken, getHost, listAudit, revokeHost, setSecurity } from '@sekisho/core/wire/trust.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { AUDIT_ROWS_PURPOSE } from '@sekisho/server/features/audit/audit-key.ts';
import { recordRepeatedRefusal } from '@sekisho/server/features/audit/record-audit.ts';
import { readKek } from '@sekisho/server/features/keys/kek.ts';
import { deriveKey } from '@sekisho/server/features/keys/key-store.ts';
import { AUDIT_DELAY_MS } from '@sekisho/server/loops/audit-loop.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import { AdminBrowser } from '@sekisho/testkit/admin-browser.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
const CHILD = createRequire(import.meta.url).resolve('@sekisho/server/testing/server-child.ts');

test('S-06 killed while it merges, extends the tree or signs: nothing is lost, nothing twice, and the log is proved', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const { dataFolder, caFingerprint } = trust;
  const held = (
    await eventually('a first checkpoint is there', () => serverSource(trust.call).catch(() => undefined))
  ).checkpoint;
  await trust.server.stop();
  const key = new Secret(deriveKey(await readKek(dataFolder, {}), AUDIT_ROWS_PURPOSE));
  const points = ['audit-merge.before-commit', 'audit-tree.before-commit', 'audit-tree.committed'] as const;
  for (const point of points) {
    const store = await openStore({
      database: `sqlite:${join(dataFolder, 'sekisho.db')}`,
      dataFolder,
      clock: systemClock,
      log: silentLog(),
    });
    store.setAuditKey(key);
    const refusal = { act: 'refuse-token', actor: 'anonymous', origin: '192.0.2.7', subject: point } as const;
    for (let times = 0; times < 3; times += 1)
      await store.transaction((tx) =>
        recordRepeatedRefusal(
          tx,
          { ...refusal, outcome: 'refused', detail: { code: 'TOKEN_REFUSED' } },
          systemClock.nowMs() - MERGE_WINDOW_MS,
        ),
      );
    await store.close();
    const child = fork(CHILD, ['run', dataFolder], {
      env: { ...process.env, SEKISHO_TEST_CRASH_POINT: point },
      stdio: 'inherit',
    });
    t.after(() => {
      child.kill('SIGKILL');
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', point);
  }
  trust.server = await startOn(dataFolder, systemClock);
  const { audit, store } = trust.server.context;
  await eventually('the tree has all rows', async () => ((await audit.isDue()) ? undefined : true));
  const merged = await store.db
    .selectFrom('audit')
    .select(['subject', 'detail'])
    .where('act', '=', 'refuse-token')
    .orderBy('seq')
    .execute();
  for (const point of points)
    assert.deepEqual(
      merged
        .filter(({ subject }) => subject === point)
        .map(({ detail }) => (JSON.parse(detail) as { count?: number }).count),
      [undefined, 3],
      point,
    );
  const log = await verifyLog(await serverSource(trust.call), { caFingerprint, held });
  assert.deepEqual(log.findings, []);
});

test('S-06 S-04 T-40 on a full disk what would not be logged does not happen; reads go on, and with room it works without a restart', async (t) => {
  const disk = await mkdtemp(join(tmpdir(), 'sekisho-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).status !== 0) {
    await rm(disk, { recursive: true });
    t.skip('needs the right to mount a small disk');
    return;
  }
  const clock = new FakeClock();
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = disk;
  const trust = await TrustServer.start(t, { clock }).finally(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  });
  // after the hooks of the server that lies on it
  t.after(async () => {
    spawnSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true });
  });
  const { call } = trust;
  const host = await trust.enrol({ name: 'web.example' }, { token: await trust.token() });
  const browser = new AdminBrowser(t, trust);
  const account = await browser.accept(trust.firstCode, 'haruko');
  clock.jump(60_000);

  const ballast = await open(join(disk, 'ballast'), 'w');
  for (const size of [65_536, 4_096, 512]) await fill(ballast, size);
  await ballast.close();
  const { db } = trust.server.context.store;
  const acts = async (act: string): Promise<number> =>
    (await db.selectFrom('audit').select('seq').where('act', '=', act).execute()).length;
  const before = { tokens: await acts('create-token'), signIns: await acts('sign-in') };
  let made = 0;
  await assert.rejects(async () => {
    for (; made < 3_000; made += 1) await call(createToken, { body: { name: `token ${made}` } });
  }, refusedWith('DISK_FULL'));
  const revocation = { params: { id: host.hostId }, body: { reason: 'keyCompromise' } } as const;
  await assert.rejects(call(revokeHost, revocation), refusedWith('DISK_FULL'));
  await assert.rejects(browser.signIn(account), refusedWith('DISK_FULL'));
  await assert.rejects(call(setSecurity, { body: { level: 'medium' } }), refusedWith('DISK_FULL'));
  assert.equal(await acts('create-token'), before.tokens + made);
  assert.equal((await db.selectFrom('tokens').select('id').execute()).length, before.tokens + made);
  for (const act of ['revoke-host', 'set-security']) assert.equal(await acts(act), 0, act);
  assert.equal(await acts('sign-in'), before.signIns);
  const { certificate } = await call(getHost, { params: { id: host.hostId } });
  assert.equal(certificate?.revokedAtMs, null);
  assert.ok((await call(listAudit)).rows.length > 0);

  assert.equal(spawnSync('mount', ['-o', 'remount,size=64m', disk]).status, 0);
  await call(createToken, { body: { name: 'after' } });
  assert.equal((await call(revokeHost, revocation)).revoked.length, 1);
  clock.jump(60_000);
  await browser.signIn(account);
  assert.equal(await acts('create-token'), before.tokens + made + 1);
  assert.equal(await acts('revoke-host'), 1);
  assert.ok((await acts('sign-in')) > before.signIns);
  const { audit } = trust.server.context;
  for (let turn = 0; turn < 60 && (await audit.isDue()); turn += 1) await clock.advance(AUDIT_DELAY_MS);
  const { caFingerprint } = trust;
  assert.deepEqual((await verifyLog(await serverSource(call), { caFingerprint })).findings, []);
});

async function fill(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  for (;;) {
    try {
      await file.write(Buffer.alloc(size));
    } catch {
      return; // full
    }
  }
}
