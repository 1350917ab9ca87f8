import { parseHostId } from '@sekisho/core/ids.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOutbox } from './outbox.ts';
import { EVENTS_TOLD_PER_HOUR_MAX, takeEvent } from './take-event.ts';

const hostId = parseHostId('0b9cf7a2-6f3f-4b59-9c7e-0d5b3a1f2e4d')!;

eachStore((_dialect, open) => {
  test('a host that floods the server with events fills its own hour of the outbox, and no more', async (t) => {
    const { store, clock } = await open(t);
    const tell = (number: number): Promise<boolean> =>
      store.transaction((tx) =>
        takeEvent(
          tx,
          hostId,
          { spoolId: `e${number}`, event: 'peer-refused', atMs: 0, detail: { number } },
          clock.nowMs(),
        ),
      );
    const told = (): Promise<number> => store.transaction((tx) => countOutbox(tx, hostId, 0));
    for (let number = 0; number < EVENTS_TOLD_PER_HOUR_MAX + 10; number += 1)
      assert.equal(await tell(number), true);
    assert.equal(await tell(0), false, 'the same again changes nothing');
    assert.equal(await told(), EVENTS_TOLD_PER_HOUR_MAX);
    clock.jump(HOUR_MS + 1);
    assert.equal(await tell(1_000), true);
    assert.equal(await told(), EVENTS_TOLD_PER_HOUR_MAX + 1);
  });
});
