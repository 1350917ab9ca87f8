import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepared } from './prepared.ts';
import type { Tx } from './tables.ts';

const insert = prepared((db, row: { key: string; value: string; at: number }) =>
  db.insertInto('settings').values({ key: row.key, value: row.value, changed_at_ms: row.at }),
);
const among = prepared((db, wish: { keys: readonly string[]; value: string }) =>
  db
    .selectFrom('settings')
    .select(['key', 'changed_at_ms'])
    .where('key', 'in', wish.keys)
    .where('value', '=', wish.value)
    .where('changed_at_ms', '<', 1_000)
    .orderBy('key')
    .limit(3),
);
const remove = prepared((db, wish: { value: string }) =>
  db.deleteFrom('settings').where('value', '=', wish.value),
);

eachStore((_dialect, open) => {
  test('a prepared query gives the same inside a transaction and outside, for lists of every length', async (t) => {
    const { store } = await open(t);
    await store.transaction(async (tx) => {
      for (const [n, key] of ['a', 'b', 'c', 'd'].entries())
        assert.equal(await insert.run(tx, { key, value: key === 'd' ? 'other' : 'x', at: n }), 1);
    });
    for (const [keys, found] of [
      [['a'], ['a']],
      [
        ['b', 'a'],
        ['a', 'b'],
      ],
      [
        ['c', 'd', 'a', 'nobody'],
        ['a', 'c'],
      ],
      [['nobody'], []],
    ] as const) {
      const wish = { keys, value: 'x' };
      const inside = await store.transaction((tx) => among.rows(tx, wish));
      for (const rows of [inside, await among.rows(store.db, wish)])
        assert.deepEqual(
          rows.map(({ key }) => key),
          found,
        );
      assert.equal((await among.first(store.db, wish))?.changed_at_ms, found[0] === 'a' ? 0 : undefined);
    }
    assert.equal(await remove.run(store.db, { value: 'x' }), 3);
    assert.equal(await store.transaction((tx) => remove.run(tx, { value: 'x' })), 0);
  });

  test('a prepared query refuses what is no value, and a transaction that has ended', async (t) => {
    const { store } = await open(t);
    await store.transaction((tx) => insert.run(tx, { key: 'z', value: 'z', at: 1 }));
    const wrong = { key: 'a', value: 'b' } as unknown as { key: string; value: string; at: number };
    await assert.rejects(
      store.transaction((tx) => insert.run(tx, wrong)),
      /no value for at/,
    );
    let ended: Tx | undefined;
    await store.transaction((tx) => {
      ended = tx;
      return Promise.resolve();
    });
    const late = ended;
    assert.ok(late !== undefined);
    await assert.rejects(async () => insert.run(late, { key: 'a', value: 'b', at: 1 }), /has ended/);
    assert.equal(await among.first(store.db, { keys: ['a'], value: 'b' }), undefined);
  });
});
