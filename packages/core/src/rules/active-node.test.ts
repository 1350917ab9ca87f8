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

test('T-34 what an undecided or inactive node says is what was found, in few addresses', () => {
  const told = (resolved: readonly string[] | undefined, own: readonly string[] = NODE): unknown => {
    const decision = decideActiveNode({ virtualName: 'sql-vip', resolved, own });
    return decision.node === 'active' ? 'active' : [decision.code, Object.values(decision.params).slice(1)];
  };
  const [inactive, undecided] = ['APPLICATION_NODE_INACTIVE', 'APPLICATION_NODE_UNDECIDED'];
  const five = [12, 13, 14, 15, 16].map((last) => `10.0.0.${last}`);
  assert.deepEqual(told(undefined), [undecided, ['the name does not resolve']]);
  assert.deepEqual(told([]), [undecided, ['no address']]);
  assert.deepEqual(told(['::1', '127.0.0.1']), [undecided, ['::1, 127.0.0.1']]);
  assert.deepEqual(told(['a', 'b', 'c', 'd', 'e']), [undecided, ['a, b, c, d']]);
  assert.deepEqual(told(five, ['::1']), [undecided, ['this host has no address of its own']]);
  assert.deepEqual(told(five), [inactive, [five.slice(0, 4).join(', ')]]);
});

test('T-34 only addresses that every machine has count for nothing', () => {
  for (const address of [
    '::',
    '::1',
    '127.9.9.9',
    '0.0.0.0',
    '169.254.9.9',
    'fe80::1',
    'fe9a::1',
    'febf::1%eth0',
  ])
    assert.equal(
      decideActiveNode({ virtualName: 'v', resolved: [address], own: [address] }).node,
      'undecided',
    );
  for (const address of [
    '::2',
    '1.127.0.1',
    '10.0.0.1',
    '169.253.1.1',
    'fe7f::1',
    'fec0::1',
    '2001:db8::fe80',
  ])
    assert.equal(decideActiveNode({ virtualName: 'v', resolved: [address], own: [address] }).node, 'active');
});
