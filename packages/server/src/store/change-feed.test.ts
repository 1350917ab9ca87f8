import { silentLog } from '@sekisho/platform/log.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeFeed } from './change-feed.ts';
import { recordChange } from './record-change.ts';

eachStore((_dialect, open) => {
  test('S-07 changes of the wanted kinds come in order after the commit', async (t) => {
    const { store, clock } = await open(t);
    const feed = new ChangeFeed({ store, clock, log: silentLog() });
    await store.transaction((tx) => recordChange(tx, 'host', 'before'));
    await feed.start();
    t.after(() => feed.stop());
    const seen: string[] = [];
    feed.subscribe(['host'], ({ key }) => void seen.push(key));
    await store.transaction(async (tx) => {
      await recordChange(tx, 'host', 'a');
      await recordChange(tx, 'token', 'other');
      await recordChange(tx, 'host', 'b');
    });
    await feed.catchUp();
    assert.deepEqual(seen, ['a', 'b']);
    assert.equal(feed.fresh, true);
  });
});
