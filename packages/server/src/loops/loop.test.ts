import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDuty, startLoop } from './loop.ts';

const EVERY_MS = 1_000;

test('a loop runs at its time, never twice at once, and once more when it was woken while it ran', async () => {
  const clock = new FakeClock();
  let open: (() => void) | undefined;
  let running = 0;
  let runs = 0;
  const loop = startLoop({
    clock,
    log: silentLog(),
    name: 'test',
    everyMs: EVERY_MS,
    run: async () => {
      running += 1;
      runs += 1;
      assert.equal(running, 1);
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      running -= 1;
    },
  });
  await clock.advance(EVERY_MS);
  assert.equal(runs, 1);
  loop.wake();
  loop.wake();
  open?.();
  await clock.advance(0);
  assert.equal(runs, 2, 'two wakes are one more run');
  const stopped = loop.stop();
  open?.();
  await stopped;
  await clock.advance(10 * EVERY_MS);
  assert.deepEqual([runs, clock.pendingTimers], [2, 0]);
});

test('a loop whose run fails goes on at its next time', async () => {
  const clock = new FakeClock();
  let runs = 0;
  const loop = startLoop({
    clock,
    log: silentLog(),
    name: 'test',
    everyMs: EVERY_MS,
    run: () => {
      runs += 1;
      return Promise.reject(new Error('no'));
    },
  });
  await clock.advance(3 * EVERY_MS);
  assert.equal(runs, 3);
  await loop.stop();
});

eachStore((_dialect, open) => {
  test('S-07 a duty is done by one worker; the next one takes over when the first stops', async (t) => {
    const { store, clock } = await open(t);
    const done: string[] = [];
    const duty = (workerId: string) =>
      startDuty({
        clock,
        log: silentLog(),
        store,
        workerId,
        name: 'duty',
        everyMs: EVERY_MS,
        leaseMs: 60 * EVERY_MS,
        run: async (fence) => {
          await store.transaction(fence);
          done.push(workerId);
        },
      });
    const first = duty('first');
    first.wake();
    while (done.length === 0) await clock.advance(1);
    const second = duty('second');
    second.wake();
    await second.stop();
    assert.deepEqual(done, ['first']);
    await first.stop();
    const third = duty('third');
    third.wake();
    await third.stop();
    assert.deepEqual(done, ['first', 'third']);
  });
});
