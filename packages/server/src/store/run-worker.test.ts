import { parseHostId } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ChangeFeed } from './change-feed.ts';
import { takeLease } from './leases.ts';
import { runWorker, type RunningWorker } from './run-worker.ts';
import { claimSession, listSessions } from './sessions.ts';
import type { Store } from './store.ts';
import { listWorkers, removeWorker } from './workers.ts';
import type { FakeClock } from '@sekisho/testkit/fake-clock.ts';

async function run(
  t: TestContext,
  store: Store,
  clock: FakeClock,
  workerId: string,
  onRemoved = (): void => undefined,
): Promise<RunningWorker> {
  const log = silentLog();
  const feed = new ChangeFeed({ store, clock, log });
  const worker = await runWorker({ store, feed, workerId, instanceId: workerId, clock, log, onRemoved });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= worker.stop());
  t.after(stop);
  return { stop };
}

const ids = async (store: Store): Promise<string[]> => (await listWorkers(store)).map(({ id }) => id);

eachStore((dialect, open) => {
  test('S-07 a worker keeps itself alive, removes dead ones, and leaves nothing when it stops', async (t) => {
    const { store, clock } = await open(t);
    const worker = await run(t, store, clock, 'w1');
    await store.db
      .insertInto('workers')
      .values({ id: 'gone', instance_id: 'gone', started_at_ms: 1, alive_at_ms: 1, feed_seq: 0 })
      .execute();
    await clock.advance(2_000);
    await until('the dead one is removed', async () => (await ids(store)).join() === 'w1');
    const hostId = parseHostId('0f8fad5b-d9cb-469f-a165-70867728950e')!;
    await store.transaction((tx) => claimSession(tx, { hostId, workerId: 'w1', bootId: 'b', nowMs: 1 }));
    await takeLease(store, { name: 'crl', workerId: 'w1', leaseMs: 60_000 });
    await worker.stop();
    assert.deepEqual(await ids(store), []);
    assert.deepEqual(await listSessions(store.db), []);
    assert.ok(
      await takeLease(store, { name: 'crl', workerId: 'w2', leaseMs: 60_000 }),
      'its duties are free',
    );
    assert.equal(clock.pendingTimers, 0);
  });

  test('S-07 a worker that was taken for dead drops its sessions and comes back', async (t) => {
    const { store, clock } = await open(t);
    let dropped = 0;
    await run(t, store, clock, 'w1', () => {
      dropped += 1;
    });
    await store.transaction((tx) => removeWorker(tx, 'w1'));
    await clock.advance(2_000);
    await until('it is entered again', async () => (await ids(store)).join() === 'w1');
    assert.equal(dropped, 1);
  });

  test('S-07 workers of two processes know of each other on PostgreSQL; SQLite has one', async (t) => {
    const { store, clock, another } = await open(t);
    const other = dialect === 'postgres' ? await another() : store;
    await store.db
      .insertInto('workers')
      .values({
        id: 'killed',
        instance_id: 'killed',
        started_at_ms: 1,
        alive_at_ms: await store.databaseNowMs(),
        feed_seq: 0,
      })
      .execute();
    await run(t, store, clock, 'w1');
    if (dialect === 'sqlite')
      assert.deepEqual(await ids(store), ['w1'], 'what was killed is known to be dead');
    else {
      await run(t, other, clock, 'w2');
      assert.deepEqual((await ids(store)).sort(), ['killed', 'w1', 'w2']);
    }
  });
});
