import { AppError } from '@sekisho/core/errors.ts';
import { eachStore, type TestStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLease, prolongLease, releaseLease, takeLease, type Lease } from './leases.ts';
import type { Store } from './store.ts';

const LEASE_MS = 60_000;
const take = (store: Store, workerId: string): Promise<Lease | undefined> =>
  takeLease(store, { name: 'crl', workerId, leaseMs: LEASE_MS });
const isLost = (error: unknown): boolean => error instanceof AppError && error.code === 'LEASE_LOST';

eachStore((dialect, open) => {
  /** Lets the lease run out: the clock on SQLite; on PostgreSQL, whose time nobody moves, the row. */
  const runOut = async ({ store, clock }: TestStore): Promise<void> => {
    if (dialect === 'sqlite') clock.jump(LEASE_MS);
    else await store.db.updateTable('leases').set({ expires_at_ms: 1 }).execute();
  };

  test('S-07 a duty has one holder, who may prolong it', async (t) => {
    const { store } = await open(t);
    const mine = await take(store, 'w1');
    assert.equal(mine?.epoch, 1);
    assert.equal(await take(store, 'w2'), undefined);
    assert.equal((await take(store, 'w1'))?.epoch, 1);
  });

  test('S-07 a duty that gets on keeps its lease; one that was lost is not prolonged', async (t) => {
    const opened = await open(t);
    const { store } = opened;
    const mine = (await take(store, 'w1'))!;
    await store.transaction((tx) => prolongLease(store, tx, mine, 10 * LEASE_MS));
    const row = await store.db.selectFrom('leases').select('expires_at_ms').executeTakeFirstOrThrow();
    assert.ok(row.expires_at_ms >= mine.expiresAtMs + 9 * LEASE_MS);
    await store.transaction((tx) => prolongLease(store, tx, mine, LEASE_MS));
    await runOut(opened);
    await assert.rejects(
      store.transaction((tx) => prolongLease(store, tx, mine, LEASE_MS)),
      isLost,
    );
    assert.equal((await take(store, 'w2'))?.epoch, 2);
  });

  test('S-07 of many that want a free duty at the same time one gets it', async (t) => {
    const { store, another } = await open(t);
    const stores = dialect === 'postgres' ? [store, await another()] : [store, store];
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, index) => take(stores[index % 2]!, `w${index}`)),
    );
    assert.equal(taken.filter((lease) => lease !== undefined).length, 1);
  });

  test("S-07 a paused holder's dependent transaction is refused once another took over", async (t) => {
    const opened = await open(t);
    const { store, another } = opened;
    const theirs = dialect === 'postgres' ? await another() : store;
    const old = await take(store, 'w1');
    assert.ok(old);
    await runOut(opened);
    const taken = await take(theirs, 'w2');
    assert.equal(taken?.epoch, 2);
    await assert.rejects(
      store.transaction(async (tx) => {
        await tx.insertInto('settings').values({ key: 'late', value: '', changed_at_ms: 0 }).execute();
        await assertLease(store, tx, old);
      }),
      isLost,
    );
    assert.deepEqual(await store.db.selectFrom('settings').select('key').execute(), []);
    await theirs.transaction((tx) => assertLease(theirs, tx, taken));
  });

  test('S-07 a lease that ran out holds no more, even when nobody took it, and comes back with a higher epoch', async (t) => {
    const opened = await open(t);
    const { store } = opened;
    const old = await take(store, 'w1');
    assert.ok(old);
    await runOut(opened);
    await assert.rejects(
      store.transaction((tx) => assertLease(store, tx, old)),
      isLost,
    );
    assert.equal((await take(store, 'w1'))?.epoch, 2);
    await assert.rejects(
      store.transaction((tx) => assertLease(store, tx, old)),
      isLost,
    );
  });

  test('S-07 a lease given back is free at once; a late release by an earlier holder changes nothing', async (t) => {
    const { store } = await open(t);
    const first = await take(store, 'w1');
    assert.ok(first);
    await releaseLease(store, first);
    const second = await take(store, 'w2');
    assert.equal(second?.epoch, 2);
    await releaseLease(store, first);
    await releaseLease(store, { ...first, workerId: 'w2' });
    await store.transaction((tx) => assertLease(store, tx, second));
  });
});
