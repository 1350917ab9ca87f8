import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CRL_PART_BYTES,
  CRL_PARTS_KEPT_MS,
  readCrlBytes,
  removeOrphanParts,
  writeCrlAhead,
} from './crl-parts.store.ts';
import { insertCrl, listNewestCrls } from './crl.store.ts';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, n) => (n * seed + (n >> 8)) & 255);

eachStore((_dialect, open) => {
  test('T-41 a long list lies in parts that nobody sees before the list is whole', async (t) => {
    const { store, clock } = await open(t);
    const nowMs = clock.nowMs();
    const head = { issuerKeyId: 'k', shard: 1, revision: 1, thisUpdateMs: nowMs, nextUpdateMs: nowMs + 1 };
    const publish = (number: number, der: Uint8Array, atMs = nowMs): Promise<void> =>
      store.transaction((tx) => insertCrl(tx, { ...head, number, entries: 1, der }, atMs));
    const parts = async (): Promise<number> =>
      (await store.db.selectFrom('crl_parts').select('part').execute()).length;
    const served = async (): Promise<unknown[]> => {
      const [newest] = await listNewestCrls(store.db);
      return newest === undefined ? [] : [newest.number, await readCrlBytes(store.db, newest)];
    };
    const long = bytes(2 * CRL_PART_BYTES + 5, 7);
    await writeCrlAhead(store, long, nowMs);
    assert.deepEqual([await served(), await parts()], [[], 3]);
    await publish(1, long);
    assert.equal(await parts(), 3);
    const [number, der] = await served();
    assert.deepEqual([number, Buffer.compare(der as Uint8Array, long)], [1, 0]);

    // a list that somebody else was quicker with, and one whose parts went meanwhile
    const lost = bytes(CRL_PART_BYTES + 1, 11);
    const next = bytes(CRL_PART_BYTES + 1, 13);
    await writeCrlAhead(store, lost, nowMs);
    await writeCrlAhead(store, next, nowMs);
    await store.db.deleteFrom('crl_parts').where('part', '=', 1).where('created_at_ms', '=', nowMs).execute();
    assert.equal(await readCrlBytes(store.db, (await listNewestCrls(store.db))[0]!), undefined);
    await publish(2, next);
    assert.equal(Buffer.compare((await served())[1] as Uint8Array, next), 0);

    const short = bytes(100, 17);
    await writeCrlAhead(store, short, nowMs);
    await publish(3, short);
    assert.deepEqual([(await served())[0], Buffer.compare((await served())[1] as Uint8Array, short)], [3, 0]);
    // the list before stays readable for those who are reading it; the one before that went, with its parts
    assert.equal(await parts(), 1 + 2 + 1, 'of the lost list, of the one before, of the newest');
    await removeOrphanParts(store, nowMs);
    assert.equal(await parts(), 4, 'a list that may be under way is left alone');
    await removeOrphanParts(store, nowMs + CRL_PARTS_KEPT_MS);
    assert.equal(await parts(), 3);
  });
});
