import { askPeer } from '@sekisho/agent/control/agent-status.ts';
import {
  changeGroupSettings,
  createGroup,
  listGroups,
  moveHost,
  type GroupView,
} from '@sekisho/core/wire/groups.ts';
import {
  getRotation,
  listRotations,
  rollBackRotation,
  startRotation,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import { getHost, listAudit } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { writeFile, mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer } from 'node:tls';

test('F-20 F-31 F-36 a TLS certificate changes for agents that cannot be announced to: verification off, and on again', async (t) => {
  const fleet = await Fleet.start(t, {
    hosts: [{ name: 'store', media: true }, { name: 'old' }],
    heartbeatSeconds: 1,
    capabilities: (host) => (host === 'old' ? [] : undefined),
  });
  const { call } = fleet;
  const root = (await call(listGroups, {})).groups[0]!;
  const alone = async (name: string): Promise<GroupView> => {
    const { id } = await call(createGroup, { body: { name, parentId: root.id } });
    return (await call(changeGroupSettings, { params: { id }, body: { inherits: false } })).group;
  };
  const [own, empty] = [await alone('Own'), await alone('Empty')];
  await call(moveHost, { params: { id: fleet.host('old').hostId }, body: { groupId: own.id } });
  const files = join(fleet.folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'a.txt'), 'a');
  const { id: planId } = await fleet.plan('old', [files], 'store');
  await fleet.deployed(planId);
  const valuesOf = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries((await call(listGroups, {})).groups.map(({ name, values }) => [name, values]));
  const before = { values: await valuesOf(), lists: (await call(listServerLists, {})).lists.length };
  const stateOf = (host: string): string => fleet.host(host).agent.status().verification.state;
  const allAre = (state: 'on' | 'off'): Promise<true> =>
    eventually(`verification is ${state} everywhere`, () =>
      ['old', 'store'].every((host) => stateOf(host) === state) ? true : undefined,
    );

  await t.test('F-31 the path is chosen by what the agents say that they can do', async () => {
    const started = await call(startRotation, { body: { kind: 'tls' } });
    assert.equal(started.path, 'off-on');
  });
  const id = (await call(listRotations, {})).rotations[0]!.id;

  await t.test(
    'F-20 every agent goes without verification and without TLS, also where groups do not inherit',
    async () => {
      await allAre('off');
      const { db } = fleet.server.context.store;
      await eventually('both are heard without TLS', async () => {
        const rows = await db.selectFrom('signed_requests').select('host_id').execute();
        return rows.length === 2 ? true : undefined;
      });
    },
  );

  await t.test('F-20 meanwhile no order is given: it is refused at once, and nothing waits', async () => {
    await assert.rejects(fleet.begin(planId, 'old'), { code: 'JOB_HOST_UNVERIFIED' });
    await fleet.host('old').agent.heartbeatNow();
    assert.deepEqual(fleet.host('old').agent.status().jobs, []);
  });

  await t.test('F-20 meanwhile media servers are verified with every check', async () => {
    const other = await TestAuthority.create({ nowMs: Date.now() });
    const media = await other.host({ media: true });
    const impostor = createServer({ key: media.keyPem, cert: media.chainPem });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    t.after(() => impostor.close());
    const { port } = impostor.address() as AddressInfo;
    assert.equal(stateOf('old'), 'off');
    const asked = await fleet.control('old')(askPeer, { body: { host: '127.0.0.1', port } });
    assert.equal(asked.allow, false);
    assert.equal(asked.checks.find(({ outcome }) => outcome === 'failed')?.code, 'PEER_CHAIN_UNTRUSTED');
  });

  await t.test('F-31 what an administrator changes meanwhile is found, kept and told', async () => {
    await call(switchVerification, { params: { id: empty.id }, body: { state: 'on' } });
    const done = await ended(fleet, id);
    assert.equal(done.phase, 'done');
    const told = done.steps.find(({ step }) => step === 'changed-meanwhile');
    assert.deepEqual(told?.detail, { departures: [{ group: 'Empty', what: 'verification' }] });
    const { rows } = await call(listAudit, { query: { act: 'switch-verification-off' } });
    assert.deepEqual(rows.map(({ detail }) => detail['name']).sort(), ['All hosts', 'Empty', 'Own']);
  });

  await t.test('F-36 afterwards everything is as it was, and nobody is lost', async () => {
    await allAre('on');
    assert.deepEqual(await valuesOf(), before.values);
    await eventually('the copied lists are gone', async () =>
      (await call(listServerLists, {})).lists.length === before.lists ? true : undefined,
    );
    for (const host of ['old', 'store']) {
      await eventually(`${host} has its channel again`, () =>
        fleet.host(host).agent.status().channel === 'open' ? true : undefined,
      );
      const { states, health } = await call(getHost, { params: { id: fleet.host(host).hostId } });
      assert.ok(states.includes('online'), host);
      assert.deepEqual(health, [], host);
    }
    assert.equal((await fleet.ended(await fleet.begin(planId, 'old'))).state, 'done');
  });

  await t.test('F-33 before the update it is taken back, and everything is as it was', async () => {
    const second = await call(startRotation, { body: { kind: 'signing', path: 'off-on' } });
    await allAre('off');
    await call(rollBackRotation, { params: { id: second.id } });
    assert.equal((await ended(fleet, second.id)).phase, 'rolled-back');
    await allAre('on');
    assert.deepEqual(await valuesOf(), before.values);
  });
});

const ended = (fleet: Fleet, id: string): Promise<RotationView> =>
  eventually('the update ends', async () => {
    const view = await fleet.call(getRotation, { params: { id } });
    return view.endedAtMs === null ? undefined : view;
  });
