import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { judgeNode, RESOLVE_MAX_MS, systemNetwork, type NodeNetwork } from './judge-node.ts';

const SQL = { kind: 'sql-server' as const, virtualName: 'sql-vip.example.com' };
const node = (resolve: NodeNetwork['resolve']): NodeNetwork => ({ resolve, own: () => ['10.0.0.1'] });

test('T-34 a host is the active node when the virtual name is at one of its addresses', async () => {
  const clock = new FakeClock();
  const at = async (address: string) =>
    (
      await judgeNode(
        node(() => Promise.resolve([address])),
        SQL,
        clock,
      )
    ).node;
  assert.equal(await at('10.0.0.1'), 'active');
  assert.equal(await at('10.0.0.2'), 'inactive');
});

test('T-34 a name that does not resolve, and a resolver that never answers, leave it undecided', async () => {
  const clock = new FakeClock();
  const failed = await judgeNode(
    node(() => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))),
    SQL,
    clock,
  );
  assert.deepEqual(failed.node === 'active' ? null : [failed.node, failed.params['detail']], [
    'undecided',
    'ENOTFOUND',
  ]);
  const silent = judgeNode(
    node(() => new Promise(() => undefined)),
    SQL,
    clock,
  );
  await clock.advance(RESOLVE_MAX_MS);
  const decision = await silent;
  assert.deepEqual(decision.node === 'active' ? null : [decision.node, decision.params['detail']], [
    'undecided',
    'ETIMEOUT',
  ]);
});

test('T-34 the system resolves an address to itself, and lists the addresses of its interfaces', async () => {
  assert.deepEqual(await systemNetwork.resolve('192.0.2.7'), ['192.0.2.7']);
  const first = Object.values(networkInterfaces()).flatMap((one) => one ?? [])[0];
  if (first !== undefined) assert.ok(systemNetwork.own().includes(first.address));
});
