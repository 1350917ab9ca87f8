import { SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, getDocument } from '@sekisho/core/wire/agent.ts';
import { getRotation, rollBackRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { test } from 'node:test';
import type { DialectName } from '../../store/transaction-context.ts';
import { REKEY_AGAIN_MS, REKEY_LOOK_MS } from './rekey-pacer.ts';

const listPath = getDocument.path.replace(':type', 'list');

eachStore((dialect) => {
  test('F-37 after the switch a heartbeat over a connection of before proves nothing: a host counts when it was shown the new certificate, and is asked to come for that', async (t) => {
    const { clock, trust, agent, beat, view, reach } = await openAgent(t, dialect);
    const { feed } = trust.server.context;
    /** As an agent does it that keeps its connections for the next request. */
    const kept = new Agent({ keepAlive: true, ...agent.identity.tls, rejectUnauthorized: false });
    t.after(() => {
      kept.destroy();
    });
    const fetchList = () => trust.agentRequest({ path: listPath, agent: kept });
    const isAsked = () =>
      eventually('the host is asked to come over a new connection', async () => {
        await clock.advance(REKEY_AGAIN_MS);
        await feed.catchUp();
        return agent.frames.some((frame) => frame.type === 'come' && frame.fetch.includes('list'))
          ? true
          : undefined;
      });

    await beat();
    const { id } = await trust.call(startRotation, { body: { kind: 'tls', overlapSeconds: 86_400 } });
    await reach(id, 'announced', () => feed.catchUp());
    assert.equal((await fetchList()).status, 200);
    agent.frames.length = 0;
    await reach(id, 'overlap');
    for (let beats = 0; beats < 3; beats += 1) {
      await clock.advance(SECOND_MS);
      await beat();
    }
    assert.deepEqual([(await view(id)).hosts.acknowledged, (await view(id)).hosts.waiting], [0, 1]);
    await isAsked();
    // a connection that was kept from before is answered once more: it proves nothing, and the host is asked again at once
    const former = await fetchList();
    assert.deepEqual([former.status, former.headers.connection], [200, 'close']);
    assert.equal((await view(id)).hosts.acknowledged, 0);
    agent.frames.length = 0;
    await clock.advance(REKEY_LOOK_MS * 2);
    await agent.next('come');
    assert.ok(agent.isOpen, 'nobody is cut off for it');
    assert.equal((await fetchList()).status, 200);
    assert.equal((await view(id)).hosts.acknowledged, 1);

    // the way back is proved in the same way: the old one is what it has to be shown again
    await trust.call(rollBackRotation, { params: { id } });
    await reach(id, 'overlap');
    await clock.advance(SECOND_MS);
    await beat();
    assert.equal((await view(id)).hosts.acknowledged, 0);
    for (const connection of ['close', 'keep-alive'])
      assert.equal((await fetchList()).headers.connection, connection);
    await reach(id, 'rolled-back');
  });

  test('F-37 F-33 a host that was shown the new certificate counts at once: its next heartbeat may be five minutes away', async (t) => {
    const { trust, agent, beat, view, reach } = await openAgent(t, dialect);
    const { feed } = trust.server.context;
    const wait = (): Promise<void> => feed.catchUp();
    await beat();
    const { id } = await trust.call(startRotation, { body: { kind: 'tls', overlapSeconds: 86_400 } });
    await reach(id, 'announced', wait);
    await beat();
    await reach(id, 'overlap', wait);
    assert.equal((await view(id)).hosts.acknowledged, 0);
    assert.equal((await trust.agentRequest({ path: listPath, tls: agent.identity.tls })).status, 200);
    assert.equal((await view(id)).hosts.acknowledged, 1);
  });
});

/** A domain with one host, whose channel is open, and an update that is followed with its heartbeats. */
async function openAgent(t: HasAfter, dialect: DialectName) {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock, dialect, addresses: ['127.0.0.1'] });
  const { documents, feed, store } = trust.server.context;
  const agent = await WireAgent.enrol(t, trust, 'open.example');
  const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
  await agent.open();
  const beat = async (): Promise<void> => {
    await feed.catchUp();
    await agent.heartbeat({
      bundleGeneration: documents.latestSerial('bundle', '') ?? 0,
      listSerial: documents.latestSerial('list', list.id) ?? 0,
      capabilities: [...AGENT_CAPABILITIES],
    });
  };
  const view = (id: string) => trust.call(getRotation, { params: { id } });
  const reach = (id: string, phase: string, also: () => Promise<void> = beat) =>
    eventually(`the update is in phase ${phase}`, async () => {
      await clock.advance(SECOND_MS);
      await also();
      return (await view(id)).phase === phase ? true : undefined;
    });
  return { clock, trust, agent, beat, view, reach };
}
