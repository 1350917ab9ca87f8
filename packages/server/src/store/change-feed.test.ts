import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eachStore, type TestStore } from '@sekisho/testkit/stores.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { ChangeFeed, FEED_BATCH_ROWS_MAX, FEED_ROWS_KEPT_MAX, pruneChangeFeed } from './change-feed.ts';
import { FEED_COUNTER, recordChange } from './record-change.ts';
import type { Store } from './store.ts';

const say = (store: Store, ...keys: string[]): Promise<void> =>
  store.transaction(async (tx) => {
    for (const key of keys) await recordChange(tx, 'host', key);
  });

async function follow(t: TestContext, { store, clock }: Pick<TestStore, 'store' | 'clock'>) {
  const events: string[] = [];
  const feed = new ChangeFeed({
    store,
    clock,
    log: silentLog(),
    onStale: () => events.push('stale'),
    onFresh: () => events.push('fresh'),
  });
  const seen: string[] = [];
  await feed.start();
  t.after(() => feed.stop());
  return { feed, seen, events };
}

eachStore((dialect, open) => {
  test('S-07 changes of the wanted kinds come in order, after the commit, and wake the readers', async (t) => {
    const opened = await open(t);
    const { store } = opened;
    await say(store, 'before');
    const { feed, seen } = await follow(t, opened);
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    await store.transaction(async (tx) => {
      await recordChange(tx, 'host', 'a');
      await recordChange(tx, 'token', 'other');
      await recordChange(tx, 'host', 'b');
    });
    await until('the wake brought both', () => seen.length === 2);
    assert.deepEqual(seen, ['a', 'b']);
    assert.equal(feed.position, 4);
  });

  test('S-07 a change whose transaction failed is never seen, and leaves no hole', async (t) => {
    const opened = await open(t);
    const { feed, seen } = await follow(t, opened);
    feed.subscribe(['host'], ({ seq, key }) => void seen.push(`${seq} ${key}`));
    await assert.rejects(
      opened.store.transaction(async (tx) => {
        await recordChange(tx, 'host', 'undone');
        throw new Error('no');
      }),
    );
    await say(opened.store, 'done');
    await feed.catchUp();
    assert.deepEqual(seen, ['1 done']);
  });

  test('S-07 feed order is commit order while transactions of two instances run at the same time', async (t) => {
    const opened = await open(t);
    const writers =
      dialect === 'postgres' ? [opened.store, await opened.another()] : [opened.store, opened.store];
    const { feed, seen } = await follow(t, opened);
    const seqs: number[] = [];
    feed.subscribe(['host'], ({ seq, key }) => {
      seqs.push(seq);
      seen.push(key);
    });
    const committed: string[] = [];
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        await writers[index % 2]!.transaction(async (tx) => {
          await recordChange(tx, 'host', `${index}`);
          await new Promise((resolve) => setImmediate(resolve)); // lets others come between
          await tx
            .insertInto('settings')
            .values({ key: `${index}`, value: '', changed_at_ms: 0 })
            .execute();
        });
        committed.push(`${index}`);
        // whoever reads after a commit sees it, and every one before
        await feed.catchUp();
        assert.ok(seen.includes(`${index}`));
      }),
    );
    assert.deepEqual(
      seqs,
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    assert.deepEqual([...seen].sort(), committed.sort());
  });

  test('S-07 more changes than one read takes all come', async (t) => {
    const opened = await open(t);
    const { feed, seen } = await follow(t, opened);
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    const keys = Array.from({ length: FEED_BATCH_ROWS_MAX + 5 }, (_, index) => `${index}`);
    await opened.store.transaction(async (tx) => {
      await tx.insertInto('counters').values({ name: FEED_COUNTER, value: keys.length }).execute();
      for (let at = 0; at < keys.length; at += 100) {
        const rows = keys
          .slice(at, at + 100)
          .map((key) => ({ seq: Number(key) + 1, kind: 'host', key, at_ms: 0 }));
        await tx.insertInto('change_feed').values(rows).execute();
      }
    });
    await feed.catchUp();
    assert.deepEqual(seen, keys);
  });

  test('S-07 a kind that a newer program wrote is passed over', async (t) => {
    const opened = await open(t);
    const { feed, seen } = await follow(t, opened);
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    await opened.store.db
      .insertInto('change_feed')
      .values({ seq: 1, kind: 'novelty', key: 'x', at_ms: 0 })
      .execute();
    await opened.store.db.insertInto('counters').values({ name: FEED_COUNTER, value: 1 }).execute();
    await say(opened.store, 'a');
    await feed.catchUp();
    assert.deepEqual(seen, ['a']);
  });

  test('S-07 a feed that cannot be read for 5 s is stale and says so once', async (t) => {
    const opened = await open(t);
    const { feed, events } = await follow(t, opened);
    await opened.store.close();
    assert.equal(feed.fresh, true);
    await opened.clock.advance(4_900);
    assert.equal(feed.fresh, true);
    assert.deepEqual(events, []);
    await opened.clock.advance(10_000);
    assert.equal(feed.fresh, false);
    assert.deepEqual(events, ['stale']);
  });

  test('S-07 a subscriber that fails holds the feed back until it succeeds; then nothing is missing', async (t) => {
    const opened = await open(t);
    const { feed, seen, events } = await follow(t, opened);
    let broken = true;
    feed.subscribe(['host'], ({ key }) => {
      if (broken && key === 'b') throw new Error('the cache could not be moved on');
      seen.push(key);
    });
    await say(opened.store, 'a', 'b', 'c');
    await assert.rejects(feed.catchUp());
    await opened.clock.advance(6_000);
    assert.deepEqual([seen, events, feed.fresh], [['a'], ['stale'], false]);
    broken = false;
    await feed.catchUp();
    assert.deepEqual([seen, events, feed.fresh], [['a', 'b', 'c'], ['stale', 'fresh'], true]);
  });

  test('S-07 a reader that was away too long fills its caches anew, and stays stale when it cannot', async (t) => {
    const opened = await open(t);
    const { store } = opened;
    const { feed, seen } = await follow(t, opened);
    const unsubscribe = feed.subscribe(['host'], () => undefined);
    await store.db
      .insertInto('counters')
      .values({ name: FEED_COUNTER, value: FEED_ROWS_KEPT_MAX + 10 })
      .execute();
    await store.db
      .insertInto('change_feed')
      .values(
        [5, FEED_ROWS_KEPT_MAX + 9, FEED_ROWS_KEPT_MAX + 10].map((seq) => ({
          seq,
          kind: 'host',
          key: `${seq}`,
          at_ms: 0,
        })),
      )
      .execute();
    assert.equal(await pruneChangeFeed(store), 1);
    await assert.rejects(feed.catchUp(), /cannot be filled anew/);
    unsubscribe();
    feed.subscribe(
      ['host'],
      ({ key }) => void seen.push(key),
      () => void seen.push('refill'),
    );
    await feed.catchUp();
    assert.deepEqual(seen, ['refill', `${FEED_ROWS_KEPT_MAX + 9}`, `${FEED_ROWS_KEPT_MAX + 10}`]);
  });

  test('S-07 numbers that are given a second time, in a database that lost its last changes, fill caches anew', async (t) => {
    const opened = await open(t);
    const { store } = opened;
    await say(store, 'kept');
    const { feed, seen } = await follow(t, opened);
    feed.subscribe(
      ['host'],
      ({ key }) => void seen.push(key),
      () => void seen.push('refill'),
    );
    const lose = async (): Promise<void> => {
      await store.db.deleteFrom('change_feed').where('seq', '>', 1).execute();
      await store.db.updateTable('counters').set({ value: 1 }).where('name', '=', FEED_COUNTER).execute();
    };
    await say(store, 'lost');
    await feed.catchUp();
    await lose();
    await feed.catchUp();
    await say(store, 'lost');
    await feed.catchUp();
    assert.deepEqual([seen.splice(0), feed.position], [['lost', 'refill', 'lost'], 2]);
    // the same change again, under the same number, a moment later: nobody read in between
    await lose();
    await opened.clock.advance(1);
    await say(store, 'lost');
    await feed.catchUp();
    assert.equal(seen.splice(0)[0], 'refill');
    await lose();
    await opened.clock.advance(1);
    for (const key of ['a', 'b', 'c']) await say(store, key);
    await feed.catchUp();
    assert.deepEqual([seen.splice(0)[0], feed.position], ['refill', 4]);
    await say(store, 'd');
    await feed.catchUp();
    assert.deepEqual(seen, ['d']);
  });

  test('a stopped feed calls nobody and leaves no timer', async (t) => {
    const opened = await open(t);
    const { feed, seen, events } = await follow(t, opened);
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    await feed.stop();
    await say(opened.store, 'a');
    await opened.clock.advance(20_000);
    assert.deepEqual([seen, events, feed.fresh], [[], [], false]);
    assert.equal(opened.clock.pendingTimers, 0);
  });

  test('S-07 changes come by polling alone when every wake is lost', async (t) => {
    const opened = await open(t);
    const reader = dialect === 'postgres' ? await opened.another({ listen: false }) : opened.store;
    const { feed, seen } = await follow(t, { store: reader, clock: opened.clock });
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    if (dialect === 'postgres') await say(opened.store, 'a');
    else {
      // written past record-change: nobody is woken
      await reader.db
        .insertInto('change_feed')
        .values({ seq: 1, kind: 'host', key: 'a', at_ms: 0 })
        .execute();
    }
    assert.deepEqual(seen, []);
    await opened.clock.advance(1_000);
    await until('the poll brought it', () => seen.length === 1);
  });

  if (dialect !== 'postgres') return;

  test('S-07 after the connection that brings the wakes was lost it comes back, and nothing is missing', async (t) => {
    const opened = await open(t);
    const reader = await opened.another({ clock: systemClock });
    // a clock that stands still: no poll, only wakes
    const { feed, seen } = await follow(t, { store: reader, clock: opened.clock });
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    const listeners = async (): Promise<number[]> => {
      const { rows } = await sql<{ pid: number }>`
        select pid from pg_stat_activity
        where datname = current_database() and query like 'LISTEN%'`.execute(opened.store.db);
      return rows.map(({ pid }) => pid);
    };
    await until('it listens', async () => (await listeners()).length === 1);
    const [lost] = await listeners();
    await sql`select pg_terminate_backend(${lost})`.execute(opened.store.db);
    await say(opened.store, 'while away');
    await until('it listens again', async () => (await listeners()).some((pid) => pid !== lost));
    await say(opened.store, 'back');
    await until('both came', () => seen.length === 2);
    assert.deepEqual(seen, ['while away', 'back']);
  });
});
