import { postHeartbeat } from '@sekisho/core/wire/agent.ts';
import { getRevocation, listRevocations, listUnconfirmed, revokeHost } from '@sekisho/core/wire/trust.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

eachStore((dialect) => {
  test('T-44 it is told how many hosts have confirmed a revocation, who has not, and how long half and all took', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: systemClock });
    const token = await trust.token({ usesMax: 5 });
    const hosts: Identity[] = [];
    for (const name of ['bad', 'one', 'two', 'three', 'mute'])
      hosts.push(await trust.enrol({ name: `${name}.example` }, { token }));
    const [bad, one, two, three, mute] = hosts as [Identity, Identity, Identity, Identity, Identity];
    const beat = async (host: Identity, crlNumber: number): Promise<void> => {
      const body = {
        ...{ sentAtMs: systemClock.nowMs(), bundleGeneration: 0, listSerial: 0, assignmentSerial: 0 },
        ...{ policySerial: 0, crlNumber, certificates: [host.certificate.fingerprint], version: '1' },
        ...{ bootId: host.hostId, health: [], spooled: 0 },
      };
      const answer = await trust.agentRequest({
        method: 'POST',
        path: postHeartbeat.path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        tls: host.tls,
      });
      assert.equal(answer.status, 200, answer.body);
    };
    for (const host of [bad, one, two, three]) await beat(host, 1);
    const revoke = { params: { id: bad.hostId }, body: { reason: 'keyCompromise' } } as const;
    const { revocation: id } = await trust.call(revokeHost, revoke);
    assert.ok(id !== null);
    assert.equal((await trust.call(revokeHost, revoke)).revocation, null, 'nothing was left to revoke');
    const view = () => trust.call(getRevocation, { params: { id } });
    const first = await view();
    // who was never heard of has nothing to confirm
    assert.deepEqual([first.hosts, first.confirmed, first.halfAtMs, first.allAtMs], [3, 0, null, null]);
    const { crlNumber } = first;
    assert.ok(crlNumber !== null && first.listedAtMs !== null);
    await beat(one, crlNumber - 1);
    await beat(two, crlNumber);
    await beat(mute, 1);
    assert.deepEqual(((v) => [v.hosts, v.confirmed])(await view()), [4, 1]);
    const missing = (): Promise<string[]> =>
      trust.call(listUnconfirmed, { params: { id } }).then(({ hosts: left }) => left.map(({ name }) => name));
    assert.deepEqual(await missing(), ['one.example', 'three.example', 'mute.example']);
    const page = await trust.call(listUnconfirmed, { params: { id }, query: { limit: 2 } });
    assert.equal(page.hosts.length, 2);
    const rest = await trust.call(listUnconfirmed, { params: { id }, query: { after: page.next ?? '' } });
    assert.deepEqual(
      rest.hosts.map(({ name }) => name),
      ['mute.example'],
    );
    // a list that nobody has signed is none
    await beat(one, Number.MAX_SAFE_INTEGER);
    assert.equal((await view()).confirmed, 1);
    assert.ok((await missing()).includes('one.example'));
    await beat(one, crlNumber);
    const half = await eventually('half have it', async () => {
      const now = await view();
      return now.halfAtMs === null ? undefined : now;
    });
    assert.equal(half.allAtMs, null);
    for (const host of [three, mute]) await beat(host, crlNumber);
    const all = await eventually('all have it', async () => {
      const now = await view();
      return now.allAtMs === null ? undefined : now;
    });
    assert.ok((all.allAtMs ?? 0) >= (half.halfAtMs ?? Number.NaN) && (half.halfAtMs ?? 0) >= all.revokedAtMs);
    assert.deepEqual(await missing(), []);
    // written down, for good
    await trust.restart();
    const { revocations } = await trust.call(listRevocations, { query: { host: bad.hostId } });
    assert.deepEqual(
      revocations.map((one) => [one.id, one.hostName, one.confirmed, one.allAtMs]),
      [[id, 'bad.example', 4, all.allAtMs]],
    );
  });
});
