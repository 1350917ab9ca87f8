import { SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, postHeartbeat } from '@sekisho/core/wire/agent.ts';
import { getRotation, planRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { shownBy } from '@sekisho/testkit/shown-by.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { callerOf, TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROTATION_LOOP_MS } from '../../loops/rotation-loop.ts';
import { takeLease } from '../../store/leases.ts';
import { OTHERS_WRITE_MS } from './fleet-hearing.ts';
import { findOpenRotation } from './rotation.store.ts';

const PERIOD_MS = 300 * SECOND_MS;
/** What is heard of hosts is written by then. */
const SEEN_WRITTEN_MS = 31 * SECOND_MS;

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('F-31 two servers switch one after the other, three cycles apart, and one that starts in between shows what it was told', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock, addresses: ['127.0.0.1'] });
    const second = await trust.second(t);
    const host = await trust.enrol({ name: 'web.example' }, { token: await trust.token() });
    await beat(trust, host);
    const both = async (): Promise<string[]> =>
      Promise.all([shownBy(trust.server.ports.agent), shownBy(second.ports.agent)]);
    const [old = ''] = await both();
    // the other server process never heard this host, and it is silent now: it is in its plan all the same
    await clock.advance(SEEN_WRITTEN_MS);
    await trust.server.context.feed.catchUp();
    await second.context.feed.catchUp();
    clock.jump(10 * PERIOD_MS);
    const onSecond = await callerOf(() => second.socketPath)(planRotation, { body: { kind: 'tls' } });
    assert.deepEqual([onSecond.hosts.total, onSecond.hosts.silent, onSecond.lateTotal], [1, 1, 1]);
    await beat(trust, host);

    const plan = await trust.call(planRotation, { body: { kind: 'tls', path: 'failover' } });
    assert.deepEqual([plan.path, plan.prevented, plan.servers.length], ['failover', false, 2]);
    const { id } = await trust.call(startRotation, { body: { kind: 'tls', path: 'failover' } });
    const view = () => trust.call(getRotation, { params: { id } });
    /** Time goes on by seconds until it is true; how many passed. */
    const until = (what: string, isTrue: () => Promise<boolean>): Promise<true> =>
      eventually(what, async () => {
        if (await isTrue()) return true;
        await beat(trust, host);
        clock.jump(60 * SECOND_MS);
        await clock.advance(SECOND_MS);
        return undefined;
      });
    const count = async (): Promise<number> => (await both()).filter((shown) => shown !== old).length;
    await until('the first server shows the new one', async () => (await count()) === 1);
    assert.equal((await view()).phase, 'switching');
    // a restart in the middle shows what was ordered, not what is active
    const shownFirst = await shownBy(trust.server.ports.agent);
    await trust.restart();
    assert.equal(await shownBy(trust.server.ports.agent), shownFirst);
    await until('the second server follows', async () => (await count()) === 2);
    // by the rows: the clock here has gone on since
    const [first = 0, last = 0] = (await view()).servers
      .map((one) => one.orderedAtMs ?? 0)
      .sort((x, y) => x - y);
    assert.ok(first > 0 && last - first >= 3 * PERIOD_MS, `three cycles apart, not ${last - first} ms`);
    await until('the update ends', async () => (await view()).endedAtMs !== null);
    assert.equal((await view()).phase, 'done');
    assert.equal(await count(), 2);
  });

  test('F-31 a server process that has not read yet what the others heard moves no update on: it would take a fleet for empty, and wait for nobody', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock, addresses: ['127.0.0.1'] });
    const second = await trust.second(t);
    const { store, workerId } = second.context;
    const lease = { name: 'rotation', workerId, leaseMs: PERIOD_MS };
    assert.ok(await takeLease(store, lease));
    const host = await trust.enrol({ name: 'web.example' }, { token: await trust.token() });
    await beat(trust, host); // the first process hears it, and writes that later
    const { id } = await trust.call(startRotation, { body: { kind: 'tls', path: 'failover' } });
    const ordered = async (): Promise<number[]> =>
      (await trust.call(getRotation, { params: { id } })).servers.flatMap((one) => one.orderedAtMs ?? []);
    // both know of it
    await eventually('the second process knows', async () => {
      await second.context.feed.catchUp();
      return (await findOpenRotation(store.db)) === undefined ? undefined : true;
    });
    for (let waited = 0; waited < OTHERS_WRITE_MS - ROTATION_LOOP_MS; waited += ROTATION_LOOP_MS) {
      await clock.advance(ROTATION_LOOP_MS);
      assert.deepEqual(await ordered(), []);
    }
    await eventually('the first one is told to switch', async () => {
      await beat(trust, host);
      clock.jump(60 * SECOND_MS);
      await clock.advance(ROTATION_LOOP_MS);
      return (await ordered()).length > 0 ? true : undefined;
    });
    for (let waited = 0; waited < 10; waited += 1) await clock.advance(ROTATION_LOOP_MS);
    assert.equal((await ordered()).length, 1, 'the other one waits for three cycles of the host');
  });
});

async function beat(trust: TrustServer, host: Identity): Promise<void> {
  const { documents, store } = trust.server.context;
  const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
  const body = {
    ...{ sentAtMs: trust.clock.nowMs(), bundleGeneration: documents.latestSerial('bundle', '') ?? 0 },
    ...{ listSerial: documents.latestSerial('list', list.id) ?? 0, assignmentSerial: 0, policySerial: 0 },
    ...{ crlNumber: 0, certificates: [host.certificate.fingerprint], version: '1', bootId: host.hostId },
    ...{ health: [], spooled: 0, capabilities: [...AGENT_CAPABILITIES] },
  };
  await trust.agentRequest({
    method: 'POST',
    path: postHeartbeat.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    tls: host.tls,
  });
}
