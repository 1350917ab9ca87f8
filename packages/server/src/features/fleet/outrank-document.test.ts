import { SECOND_MS } from '@sekisho/core/time.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTRANK_EVERY_MS } from './outrank-document.ts';

eachStore((dialect) => {
  test('F-37 what hosts hold and the database has lost is signed again with a higher serial, and a bare number moves nothing', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await agent.pullHeartbeat();
    const newest = async () => {
      const { documents, store } = trust.server.context;
      const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
      const host = await store.db
        .selectFrom('hosts')
        .select('group_id')
        .where('id', '=', agent.hostId)
        .executeTakeFirstOrThrow();
      return {
        bundleGeneration: documents.latestSerial('bundle', '') ?? 0,
        listSerial: documents.latestSerial('list', list.id) ?? 0,
        assignmentSerial: documents.latestSerial('assignment', agent.hostId) ?? 0,
        policySerial: documents.latestSerial('policy', host.group_id) ?? 0,
      };
    };
    const before = await eventually('all are made', async () => {
      const found = await newest();
      return Object.values(found).every((serial) => serial > 0) ? found : undefined;
    });
    // what was made after that, and lost, had the serials of its time
    clock.jump(60 * SECOND_MS);
    const lost = clock.nowMs();
    clock.jump(SECOND_MS);
    const held = { bundleGeneration: lost, listSerial: lost, assignmentSerial: lost, policySerial: lost };
    const future = lost + 3_600 * SECOND_MS;
    await agent.pullHeartbeat({
      ...held,
      bundleGeneration: future,
      policySerial: future,
      listSerial: future,
    });
    const some = await eventually('its assignment is made anew', async () => {
      const found = await newest();
      return found.assignmentSerial > lost ? found : undefined;
    });
    assert.deepEqual({ ...some, assignmentSerial: 0 }, { ...before, assignmentSerial: 0 });
    await agent.pullHeartbeat(held);
    const after = await eventually('the others are too', async () => {
      const found = await newest();
      return Object.values(found).every((serial) => serial > lost) ? found : undefined;
    });
    const { fetch } = await agent.pullHeartbeat(held);
    assert.deepEqual([...fetch].sort(), ['assignment', 'bundle', 'list', 'policy']);

    // who makes numbers up has the fleet fetch the bundle once in five minutes, and not more
    const liar = async (): Promise<number> => {
      clock.jump(SECOND_MS);
      await agent.pullHeartbeat({ ...after, bundleGeneration: clock.nowMs() - 1 });
      return (await newest()).bundleGeneration;
    };
    for (let tries = 0; tries < 3; tries += 1) assert.equal(await liar(), after.bundleGeneration);
    clock.jump(OUTRANK_EVERY_MS);
    await liar();
    await eventually('it is signed once more', async () =>
      (await newest()).bundleGeneration > after.bundleGeneration ? true : undefined,
    );
  });
});
