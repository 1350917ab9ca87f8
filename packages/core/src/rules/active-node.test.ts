import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideActiveNode } from './active-node.ts';

const NODE = ['10.0.0.11', 'fd00::11', '127.0.0.1', '::1', 'fe80::1%eth0'];
const cases: readonly [string, readonly string[] | undefined, readonly string[], string][] = [
  ['the name is at an address of this host', ['10.0.0.11'], NODE, 'active'],
  ['the name is at another host', ['10.0.0.12'], NODE, 'inactive'],
  ['one of several addresses is ours', ['10.0.0.12', '10.0.0.11'], NODE, 'active'],
  ['IPv6, written in another way', ['FD00:0:0::11'], NODE, 'active'],
  ['IPv4 inside IPv6', ['::ffff:10.0.0.11'], NODE, 'active'],
  ['the name does not resolve', undefined, NODE, 'undecided'],
  ['the name has no address', [], NODE, 'undecided'],
  ['loopback is everywhere', ['127.0.0.1', '::1'], NODE, 'undecided'],
  ['link-local is everywhere', ['fe80::1', '169.254.1.1'], NODE, 'undecided'],
  ['loopback beside a real address counts for nothing', ['127.0.0.1', '10.0.0.12'], NODE, 'inactive'],
  ['what is no address counts for nothing', ['node-b'], NODE, 'undecided'],
  ['a host without addresses', ['10.0.0.11'], ['127.0.0.1'], 'undecided'],
];
for (const [what, resolved, own, node] of cases)
  test(`T-34 ${what}: this node is ${node}`, () => {
    assert.equal(decideActiveNode({ virtualName: 'sql-vip', resolved, own }).node, node);
  });

test('T-34 what is said of a skipped run names the address, and of an undecided one the reason', () => {
  const inactive = decideActiveNode({ virtualName: 'sql-vip', resolved: ['10.0.0.12'], own: NODE });
  assert.deepEqual(inactive.node === 'active' ? null : [inactive.code, inactive.params], [
    'APPLICATION_NODE_INACTIVE',
    { name: 'sql-vip', addresses: '10.0.0.12' },
  ]);
  const undecided = decideActiveNode({
    virtualName: 'sql-vip',
    resolved: undefined,
    failure: 'ENOTFOUND',
    own: NODE,
  });
  assert.deepEqual(undecided.node === 'active' ? null : undecided.params, {
    name: 'sql-vip',
    detail: 'ENOTFOUND',
  });
});

test('T-34 of two hosts that share no address, a name with one address makes at most one active', () => {
  const address = fc.ipV4();
  fc.assert(
    fc.property(address, fc.array(address), fc.array(address), (vip, left, right) => {
      const other = right.filter((one) => !left.includes(one));
      const active = [left, other].filter(
        (own) => decideActiveNode({ virtualName: 'vip', resolved: [vip], own }).node === 'active',
      );
      assert.ok(active.length <= 1);
    }),
  );
});
