import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeFeed } from '../../store/change-feed.ts';
import { recordChange } from '../../store/record-change.ts';
import { EventLog, EVENTS_BATCH_MAX } from './event-log.ts';

const PLAN = (index: number): string => `44444444-4444-4444-8444-${String(index).padStart(12, '0')}`;

eachStore((dialect, open) => {
  test('S-05 events have the same numbers on every server, and whoever goes on at another one misses none', async (t) => {
    const { store, clock, another } = await open(t);
    const logs: EventLog[] = [];
    for (const own of dialect === 'postgres' ? [store, await another()] : [store]) {
      const feed = new ChangeFeed({ store: own, clock, log: silentLog() });
      await feed.start();
      t.after(() => feed.stop());
      const log = new EventLog({ store: own, feed, clock, log: silentLog() });
      t.after(await log.listen(() => undefined));
      logs.push(log);
    }
    const [here, there = here] = logs;
    assert.ok(here && there);
    const start = here.position;
    const change = (from: number, to: number): Promise<void> =>
      store.transaction(async (tx) => {
        for (let index = from; index < to; index += 1) await recordChange(tx, 'plan', PLAN(index));
      });
    await change(0, 10);
    const first = await eventually('they come', async () => {
      const batch = await here.after(start);
      return batch.events.length === 10 ? batch : undefined;
    });
    await change(10, 10 + 2 * EVENTS_BATCH_MAX);
    const seen: string[] = first.events.slice(0, 5).map(({ data }) => ('id' in data ? data.id : ''));
    // the reader had five of them when its server went away
    let position = first.events[4]?.seq ?? 0;
    await eventually('the other server tells the rest', async () => {
      const batch = await there.after(position);
      assert.equal(batch.missed, false);
      seen.push(...batch.events.map(({ data }) => ('id' in data ? data.id : '')));
      position = batch.position;
      return seen.length >= 10 + 2 * EVENTS_BATCH_MAX ? true : undefined;
    });
    assert.deepEqual(
      seen,
      Array.from({ length: 10 + 2 * EVENTS_BATCH_MAX }, (_, index) => PLAN(index)),
    );
  });

  test('S-05 what was read while nobody listened is read from the rows, and what is gone is said to be missed', async (t) => {
    const { store, clock } = await open(t);
    const change = (): Promise<void> => store.transaction((tx) => recordChange(tx, 'plan', PLAN(1)));
    for (let index = 0; index < 3; index += 1) await change();
    const feed = new ChangeFeed({ store, clock, log: silentLog() });
    await feed.start();
    t.after(() => feed.stop());
    const log = new EventLog({ store, feed, clock, log: silentLog() });
    t.after(await log.listen(() => undefined));
    assert.deepEqual(
      (await log.after(1)).events.map(({ seq }) => seq),
      [2, 3],
    );
    await store.db.deleteFrom('change_feed').where('seq', '<=', 2).execute();
    assert.deepEqual(await log.after(1), { events: [], position: 3, missed: true });
    assert.equal(await log.isKnown(99), false);
  });
});
