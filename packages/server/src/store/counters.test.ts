import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSerial, nextValue } from './counters.ts';

eachStore((_dialect, open) => {
  test('S-07 a counter counts from one, each number once, however many ask at a time', async (t) => {
    const { store } = await open(t);
    const drawn = await Promise.all(
      Array.from({ length: 40 }, () => store.transaction((tx) => nextValue(tx, 'jobs'))),
    );
    assert.deepEqual(
      drawn.sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  });

  test('S-07 a number drawn in a transaction that failed is drawn again', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(async (tx) => {
        assert.equal(await nextValue(tx, 'jobs'), 1);
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    assert.equal(await store.transaction((tx) => nextValue(tx, 'jobs')), 1);
  });

  test('S-07 a serial is the time, and one more than the last when the clock stands still or goes back', async (t) => {
    const { store, clock } = await open(t);
    const draw = (): Promise<number> => store.transaction((tx) => nextSerial(tx, 'policy', clock.nowMs()));
    const startMs = clock.nowMs();
    assert.equal(await draw(), startMs);
    assert.equal(await draw(), startMs + 1);
    clock.jump(-3_600_000);
    assert.equal(await draw(), startMs + 2);
    clock.jump(7_200_000);
    assert.equal(await draw(), startMs + 3_600_000);
  });
});
