import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimSession, findSession, listSessions, releaseSession, releaseWorker } from './sessions.ts';
import type { Store } from './store.ts';
import { beatWorker, listWorkers, registerWorker, removeDeadWorkers } from './workers.ts';

const random = new SeededRandom('sessions');
const newHost = (): HostId => parseHostId(random.uuid())!;
const claim = (store: Store, hostId: HostId, workerId: string, bootId = 'boot') =>
  store.transaction((tx) => claimSession(tx, { hostId, workerId, bootId, nowMs: 7 }));

eachStore((dialect, open) => {
  const die = (store: Store, id: string) =>
    store.db.updateTable('workers').set({ alive_at_ms: 1 }).where('id', '=', id).execute();

  test('S-07 a later claim replaces the session with a higher epoch, and the one before cannot end it', async (t) => {
    const { store } = await open(t);
    const hostId = newHost();
    const first = await claim(store, hostId, 'w1', 'boot-1');
    assert.equal(first.replaced, undefined);
    const second = await claim(store, hostId, 'w2', 'boot-2');
    assert.ok(second.epoch > first.epoch);
    assert.deepEqual(second.replaced, {
      hostId,
      workerId: 'w1',
      epoch: first.epoch,
      bootId: 'boot-1',
      sinceMs: 7,
    });
    const release = (workerId: string, epoch: number): Promise<boolean> =>
      store.transaction((tx) => releaseSession(tx, { hostId, workerId, epoch }));
    assert.equal(await release('w1', first.epoch), false);
    assert.equal((await findSession(store, hostId))?.workerId, 'w2');
    assert.equal(await release('w2', second.epoch), true);
    assert.equal(await findSession(store, hostId), undefined);
    const third = await claim(store, hostId, 'w1');
    assert.ok(third.epoch > second.epoch, 'epochs rise also after a release');
  });

  test('S-07 the worker whose session another took learns it from the feed', async (t) => {
    const { store } = await open(t);
    const hostId = newHost();
    await claim(store, hostId, 'w1');
    await claim(store, hostId, 'w1');
    await claim(store, hostId, 'w2');
    const changes = await store.db.selectFrom('change_feed').select(['kind', 'key']).execute();
    assert.deepEqual(changes, [{ kind: 'session', key: hostId }]);
  });

  test('S-07 claims of one host from two instances at the same time leave one session, the last', async (t) => {
    const { store, another } = await open(t);
    const stores = dialect === 'postgres' ? [store, await another()] : [store, store];
    const hostId = newHost();
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, index) => claim(stores[index % 2]!, hostId, `w${index}`)),
    );
    const last = Math.max(...claims.map(({ epoch }) => epoch));
    assert.equal((await findSession(store, hostId))?.epoch, last);
    assert.equal(new Set(claims.map(({ epoch }) => epoch)).size, 12);
  });

  test('S-07 a session lives as long as its worker says so', async (t) => {
    const { store } = await open(t);
    const hostId = newHost();
    await registerWorker(store, 'w1', 'i1');
    await claim(store, hostId, 'w1');
    assert.equal((await findSession(store, hostId))?.live, true);
    await die(store, 'w1');
    assert.equal((await findSession(store, hostId))?.live, false);
    assert.equal(await beatWorker(store, 'w1', 3), true);
    assert.equal((await findSession(store, hostId))?.live, true);
    assert.deepEqual(
      (await listWorkers(store)).map(({ id, feedSeq, live }) => ({ id, feedSeq, live })),
      [{ id: 'w1', feedSeq: 3, live: true }],
    );
  });

  test('S-07 the sessions of a worker that stops or dies are gone, those of others stay', async (t) => {
    const { store } = await open(t);
    const [a, b, c] = [newHost(), newHost(), newHost()].sort() as [HostId, HostId, HostId];
    await claim(store, a, 'w1');
    await claim(store, b, 'w2');
    await claim(store, c, 'w1');
    assert.deepEqual(
      (await listSessions(store.db, { workerId: 'w1' })).map(({ hostId }) => hostId),
      [a, c],
    );
    assert.deepEqual(
      (await listSessions(store.db, { after: a })).map(({ hostId }) => hostId),
      [b, c],
    );
    assert.equal(await store.transaction((tx) => releaseWorker(tx, 'w1')), 2);
    assert.deepEqual(
      (await listSessions(store.db)).map(({ hostId }) => hostId),
      [b],
    );
    await registerWorker(store, 'w2', 'i2');
    await claim(store, b, 'w2');
    await die(store, 'w2');
    assert.deepEqual(await removeDeadWorkers(store), ['w2']);
    assert.deepEqual(await listSessions(store.db), []);
    assert.equal(await beatWorker(store, 'w2', 0), false, 'it learns that it was taken for dead');
  });
});
