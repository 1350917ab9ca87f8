import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { listRevocations, revokeHost } from '@sekisho/core/wire/trust.ts';
import { parseCrl } from '@sekisho/pki/crl.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { callerOf, startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCrlBytes, removeOrphanParts } from './crl-parts.store.ts';

const CHILD = join(import.meta.dirname, '../../testing/server-child.ts');

/** What the newest lists of all shards name. */
async function listed(trust: TrustServer): Promise<{ serials: string[]; number: number; rows: number }> {
  const { db } = trust.server.context.store;
  const rows = await db.selectFrom('crls').select(['list', 'parts', 'number']).orderBy('number').execute();
  const crls = [];
  for (const row of rows) crls.push(parseCrl((await readCrlBytes(db, row)) ?? new Uint8Array()));
  return {
    serials: [...new Set(crls.flatMap(({ serials }) => [...serials]))].filter((serial) => !isFiller(serial)),
    number: Math.max(...rows.map(({ number }) => number)),
    rows: rows.length,
  };
}

/** So many more revoked certificates make a list of several parts. */
const FILLERS = 6_000;
const FILLER = 'f111e5';
const isFiller = (serial: string): boolean => serial.startsWith(FILLER);

async function fillList(trust: TrustServer): Promise<void> {
  const { db } = trust.server.context.store;
  const [row] = await db.selectFrom('certificates').selectAll().where('crl_shard', '>', 0).execute();
  assert.ok(row !== undefined);
  for (let from = 0; from < FILLERS; from += 500)
    await db
      .insertInto('certificates')
      .values(
        Array.from({ length: 500 }, (_, n) => {
          const serial = `${FILLER}${(from + n).toString(16).padStart(26, '0')}`;
          const revoked = { revoked_at_ms: row.issued_at_ms, revocation_reason: 'keyCompromise' };
          return { ...row, ...revoked, serial, der: '', fingerprint: serial.padEnd(64, '0') };
        }),
      )
      .execute();
}

for (const [point, isThere] of [
  ['crl.signed', false],
  ['crl.part-written', false],
  ['crl.before-commit', false],
  ['crl.committed', true],
] as const satisfies readonly (readonly [CrashPoint, boolean])[])
  test(`T-41 T-40 killed at ${point}: the host stays refused, and the list that names it is there in whole`, async (t) => {
    const trust = await TrustServer.start(t, { clock: systemClock });
    const host = await trust.enrol({ name: 'bad.example' }, { token: await trust.token() });
    if (point === 'crl.part-written') await fillList(trust);
    const { socketPath } = trust.server;
    await trust.server.stop();
    const child = fork(CHILD, ['run', trust.dataFolder], {
      env: { ...process.env, SEKISHO_TEST_CRASH_POINT: point },
      stdio: 'inherit',
    });
    t.after(() => child.kill('SIGKILL'));
    const died = once(child, 'exit').then(([, signal]) => String(signal));
    await once(child, 'message');
    const call = callerOf(() => socketPath);
    await assert.rejects(
      call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } }),
    );
    assert.equal(await died, 'SIGKILL');
    trust.server = await startOn(trust.dataFolder, systemClock);
    const { registry, crlSigner } = trust.server.context;
    assert.equal(registry.lookup(host.certificate.fingerprint)?.revoked, true);
    const found = await listed(trust);
    assert.deepEqual(found.serials, isThere ? [host.certificate.serial] : []);
    const [before] = (await trust.call(listRevocations)).revocations;
    assert.equal(before?.crlNumber !== null, isThere);
    assert.equal(await crlSigner.signDue(), isThere ? 0 : 1);
    const after = await listed(trust);
    assert.deepEqual(after.serials, [host.certificate.serial]);
    assert.ok(isThere || after.number > found.number);
    const { store } = trust.server.context;
    const lists = async (): Promise<number> =>
      (await store.db.selectFrom('crl_parts').select('list').distinct().execute()).length;
    const whole = (await store.db.selectFrom('crls').select('list').execute()).length;
    assert.equal(await lists(), point === 'crl.part-written' ? whole + 1 : whole);
    await removeOrphanParts(store, systemClock.nowMs() + 1);
    assert.equal(await lists(), whole, 'what was not finished is gone');
    assert.deepEqual((await listed(trust)).serials, [host.certificate.serial]);
    const [revocation] = (await trust.call(listRevocations)).revocations;
    assert.equal(revocation?.crlNumber, isThere ? before?.crlNumber : after.number);
  });
