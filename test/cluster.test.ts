import { createCluster, getCluster } from '@sekisho/core/wire/clusters.ts';
import { listPendingNames } from '@sekisho/core/wire/names.ts';
import { setHostMedia } from '@sekisho/core/wire/trust.ts';
import { askPeer } from '@sekisho/agent/control/agent-status.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

const VIP = 'vault.test';

/** The virtual name is this machine, whichever node carries it. */
const lookup: LookupFunction = (_name, options, found) => {
  if (options.all === true) found(null, [{ address: '127.0.0.1', family: 4 }]);
  else found(null, '127.0.0.1', 4);
};

test('T-20 T-31 a backup goes on at the node that takes over the virtual name, without a new approval; a stranger waits', async (t) => {
  const fleet = await Fleet.start(t, {
    lookup,
    hosts: [
      { name: 'node-a', media: true },
      { name: 'node-b', media: true },
      { name: 'node-c', media: true },
      { name: 'laptop' },
    ],
  });
  const [a, b, c] = ['node-a', 'node-b', 'node-c'].map((name) => fleet.host(name));
  assert(a && b && c);
  const { nodes } = await fleet.call(createCluster, { body: { name: VIP, nodes: ['node-a', 'node-b'] } });
  assert.deepEqual(
    nodes.map(({ node, certificate, mapped }) => [node, certificate, mapped]),
    [
      ['node-a', 'valid', true],
      ['node-b', 'valid', true],
    ],
  );
  for (const { hostId, mediaPort } of [a, b])
    await fleet.call(setHostMedia, {
      params: { id: hostId },
      body: { media: true, endpoints: [{ address: VIP, port: mediaPort }] },
    });
  const files = join(fleet.folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'one'), 'content');
  const plan = await fleet.plan('laptop', [files], 'node-a', [], { fallback: 'node-b' });
  await fleet.deployed(plan.id);

  const before = await fleet.backup(plan.id, 'laptop');
  assert.equal(before.state, 'done', JSON.stringify(before.report));
  assert.equal(before.report?.mediaHostId, a.hostId);

  await a.agent.stop();
  const after = await fleet.backup(plan.id, 'laptop');
  assert.equal(after.state, 'warnings', 'it names the node that is away');
  assert.equal(after.report?.code, null, JSON.stringify(after.report));
  assert.equal(after.report.mediaHostId, b.hostId);

  const ask = (port: number) => fleet.control('laptop')(askPeer, { body: { host: VIP, port } });
  const ofB = await ask(b.mediaPort);
  assert.deepEqual([ofB.allow, ofB.hostId], [true, b.hostId]);
  const ofC = await ask(c.mediaPort);
  assert.equal(ofC.checks.find(({ check }) => check === 'name')?.code, 'PEER_NAME_PENDING');
  const { pending } = await fleet.call(listPendingNames, { query: {} });
  assert.deepEqual(
    pending.filter(({ name }) => name === VIP).map(({ host }) => host.name),
    ['node-c'],
  );
  const shown = await fleet.call(getCluster, { params: { name: VIP } });
  assert.equal(shown.mixed, false);
});
