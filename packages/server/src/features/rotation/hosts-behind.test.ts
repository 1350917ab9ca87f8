import { SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, postHeartbeat } from '@sekisho/core/wire/agent.ts';
import { getRotation, planRotation, startRotation, type RotationHost } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const CYCLES_SECONDS = 3 * 300;

const namesOf = (hosts: readonly RotationHost[] | undefined): string[] =>
  (hosts ?? []).map(({ name }) => name.replace('.example', '')).sort();

test('F-32 F-33 who refuses the server, or trusts a lost CA, is not said to come back: neither by a plan nor by an update that has ended', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock, addresses: ['127.0.0.1'] });
  const { documents, feed, store } = trust.server.context;
  const list = await store.db.selectFrom('server_lists').select('id').executeTakeFirstOrThrow();
  const beat = async (one: Identity, health: readonly string[] = []): Promise<void> => {
    await feed.catchUp();
    const body = {
      ...{ sentAtMs: clock.nowMs(), assignmentSerial: 0, policySerial: 0, crlNumber: 0 },
      bundleGeneration: documents.latestSerial('bundle', '') ?? 0,
      listSerial: documents.latestSerial('list', list.id) ?? 0,
      ...{ certificates: [one.certificate.fingerprint], version: '1', bootId: one.hostId },
      ...{ health, spooled: 0, capabilities: [...AGENT_CAPABILITIES] },
    };
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', path: postHeartbeat.path, headers, body: JSON.stringify(body) };
    assert.equal((await trust.agentRequest({ ...post, tls: one.tls })).status, 200);
  };
  const token = await trust.token({ usesMax: 3 });
  const [web, off, refuses] = [
    await trust.enrol({ name: 'web.example' }, { token }),
    await trust.enrol({ name: 'off.example' }, { token }),
    await trust.enrol({ name: 'refuses.example' }, { token }),
  ];
  for (const host of [web, off]) await beat(host);
  await beat(refuses, ['orphaned']);
  clock.jump(2 * CYCLES_SECONDS * SECOND_MS);
  await beat(web);

  const plan = await trust.call(planRotation, { body: { kind: 'tls' } });
  assert.deepEqual([namesOf(plan.late), namesOf(plan.cutOff)], [['off'], ['refuses']]);
  assert.deepEqual([plan.lateTotal, plan.cutOffTotal], [1, 1]);
  assert.equal(
    plan.expectedSeconds,
    3 * CYCLES_SECONDS + 1 + 8,
    'three gates wait for silent hosts, one of them after all were asked',
  );
  const atOnce = await trust.call(planRotation, { body: { kind: 'tls', emergency: 'stolen' } });
  assert.equal(atOnce.expectedSeconds, 8, 'an emergency waits for nobody');

  const end = async (kind: 'tls' | 'ca', emergency: 'stolen' | 'lost') => {
    const { id, behind } = await trust.call(startRotation, { body: { kind, emergency } });
    assert.equal(behind, null);
    return eventually('the update has ended', async () => {
      await clock.advance(SECOND_MS);
      const now = await trust.call(getRotation, { params: { id } });
      return now.phase === 'done' ? now : undefined;
    });
  };
  const replaced = await end('tls', 'stolen');
  assert.deepEqual(namesOf(replaced.behind?.late.hosts), ['off']);
  assert.deepEqual(namesOf(replaced.behind?.cutOff.hosts), ['refuses']);

  const lost = await end('ca', 'lost');
  clock.jump(2 * CYCLES_SECONDS * SECOND_MS);
  const now = await trust.call(getRotation, { params: { id: lost.id } });
  const everybody = ['off', 'refuses', 'web'];
  assert.deepEqual(namesOf(now.behind?.cutOff.hosts), everybody);
  assert.deepEqual([now.behind?.late.total, now.behind?.givenUp.total], [0, 0]);
  const after = await trust.call(planRotation, { body: { kind: 'tls' } });
  assert.deepEqual([namesOf(after.late), namesOf(after.cutOff), after.hosts.total], [[], everybody, 0]);
});
