import { SECOND_MS } from '@sekisho/core/time.ts';
import { getJob, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { getHost, revokeHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { passTime, readOrder, WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningServer } from '../main.ts';
import { PING_ANSWER_MS } from './agent-session.ts';

/** Two server processes on one PostgreSQL; the second one in this process too, with all of its own. */
async function twoServers(
  t: HasAfter,
): Promise<{ trust: TrustServer; clock: FakeClock; second: RunningServer }> {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { dialect: 'postgres', clock });
  const second = await trust.second(t);
  return { trust, clock, second };
}

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('S-07 an order made on one server is offered by the server that has the channel', async (t) => {
    const { trust, second } = await twoServers(t);
    const media = await WireAgent.enrol(t, trust, 'media.example', { media: true });
    const client = await WireAgent.enrol(t, trust, 'client.example');
    await eventually('the second server knows the host', () =>
      second.context.registry.lookup(client.identity.certificate.fingerprint),
    );
    await client.open(second.ports.agent);
    await client.heartbeat();
    const targets = { hosts: [client.hostId], groups: [] };
    const plan = await trust.call(createPlan, {
      body: { name: 'Files', targets, paths: ['/srv'], mediaServers: [media.hostId] },
    });
    const { jobs } = await trust.call(runPlan, {
      params: { id: plan.id },
      body: { hosts: null, scheduleName: null },
    });
    const id = jobs[0]!.id;
    assert.equal(readOrder((await client.next('job.offer')).order).jobId, id);
    await client.accept(id);
    assert.equal((await trust.call(getJob, { params: { id } })).state, 'active');
  });

  test('S-07 what one server hears the other one knows after the next flush', async (t) => {
    const { trust, clock, second } = await twoServers(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await eventually('the second server knows the host', () =>
      second.context.registry.lookup(agent.identity.certificate.fingerprint),
    );
    await agent.open(second.ports.agent);
    await agent.heartbeat();
    await eventually('it is online there too', async () => {
      await passTime(clock, 10 * SECOND_MS, [trust.server, second]);
      const { states } = await trust.call(getHost, { params: { id: agent.hostId } });
      return states.includes('online') ? true : undefined;
    });
  });

  test('S-07 a clone is refused on the other server too, as long as the first answers', async (t) => {
    const { trust, clock, second } = await twoServers(t);
    const first = await WireAgent.enrol(t, trust, 'web.example');
    await first.open();
    await first.heartbeat();
    await eventually('the second server knows the host', () =>
      second.context.registry.lookup(first.identity.certificate.fingerprint),
    );
    const clone = first.twin(t);
    await clone.open(second.ports.agent);
    assert.equal(await clone.closed(), 'CHANNEL_CLONE');
    first.answers = false;
    const next = first.twin(t);
    await next.open(second.ports.agent);
    await first.next('ping');
    await passTime(clock, PING_ANSWER_MS + 2 * SECOND_MS, [trust.server, second]);
    await next.heartbeat();
    assert.equal(await first.closed(), 'replaced');
  });

  test('S-07 T-40 a host that is revoked on one server loses its channel on the other', async (t) => {
    const { trust, second } = await twoServers(t);
    const agent = await WireAgent.enrol(t, trust, 'web.example');
    await eventually('the second server knows the host', () =>
      second.context.registry.lookup(agent.identity.certificate.fingerprint),
    );
    await agent.open(second.ports.agent);
    await agent.heartbeat();
    await trust.call(revokeHost, { params: { id: agent.hostId }, body: { reason: 'keyCompromise' } });
    await agent.closed();
    await assert.rejects(agent.open(second.ports.agent));
  });
});
