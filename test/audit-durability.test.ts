import { serverSource } from '@sekisho/cli/audit/sources.ts';
import { verifyLog } from '@sekisho/cli/audit/verify-log.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { MERGE_WINDOW_MS } from '@sekisho/core/rules/merging.ts';
import { createToken, deleteToken, listAudit, listTokens, setSecurity } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { AUDIT_ROWS_PURPOSE } from '@sekisho/server/features/audit/audit-key.ts';
import { recordRepeatedRefusal } from '@sekisho/server/features/audit/record-audit.ts';
import { readKek } from '@sekisho/server/features/keys/kek.ts';
import { deriveKey } from '@sekisho/server/features/keys/key-store.ts';
import { initServer } from '@sekisho/server/main.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { callerOf, startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
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

test('S-06 on a full disk what would not be logged does not happen; reads go on, and with room it works without a restart', async (t) => {
  const { path: folder, remove } = await makeTempFolder();
  const disk = join(folder, 'disk');
  await mkdir(disk);
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).status === 0;
  let stop: () => Promise<void> = () => Promise.resolve();
  t.after(async () => {
    await stop();
    if (isMounted) spawnSync('umount', ['-l', disk]);
    await remove();
  });
  if (!isMounted) {
    t.skip('needs the right to mount a small disk');
    return;
  }
  const dataFolder = join(disk, 'server');
  await initServer({
    dataFolder,
    name: 'Test',
    addresses: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
    environment: {},
  });
  const server = await startOn(dataFolder, systemClock);
  stop = () => server.stop();
  const call = callerOf(() => server.socketPath);
  const { id } = await call(createToken, { body: { name: 'before' } });

  const ballast = await open(join(disk, 'ballast'), 'w');
  for (const size of [65_536, 4_096, 512]) await fill(ballast, size);
  await ballast.close();
  let made = 0;
  await assert.rejects(async () => {
    for (; made < 3_000; made += 1) await call(createToken, { body: { name: `token ${made}` } });
  }, refusedWith('DISK_FULL'));
  await assert.rejects(call(setSecurity, { body: { level: 'medium' } }), refusedWith('DISK_FULL'));
  await assert.rejects(call(deleteToken, { params: { id } }), refusedWith('DISK_FULL'));
  const { db } = server.context.store;
  const acts = async (act: string): Promise<number> =>
    (await db.selectFrom('audit').select('seq').where('act', '=', act).execute()).length;
  assert.equal((await db.selectFrom('tokens').select('id').execute()).length, made + 1);
  assert.equal(await acts('create-token'), made + 1);
  assert.equal(await acts('delete-token'), 0);
  assert.equal(await acts('set-security'), 0);
  assert.equal((await call(listTokens, { query: { limit: 1 } })).tokens[0]?.state, 'active');
  assert.ok((await call(listAudit)).rows.length > 0);

  assert.equal(spawnSync('mount', ['-o', 'remount,size=64m', disk]).status, 0);
  await call(createToken, { body: { name: 'after' } });
  await call(setSecurity, { body: { level: 'medium' } });
  assert.equal(await acts('create-token'), made + 2);
  assert.equal(await acts('set-security'), 1);
  const { audit } = server.context;
  await eventually('the tree has all rows', async () => ((await audit.isDue()) ? undefined : true));
  const log = await verifyLog(await serverSource(call), {
    caFingerprint: server.context.domain.caFingerprint,
  });
  assert.deepEqual(log.findings, []);
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
