import { parseServerId } from '@sekisho/core/ids.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followInstallation, keeperOf, signedServers, type StoredServer } from './stored-servers.ts';

const serverId = parseServerId('55555555-5555-4555-8555-555555555555')!;
const entry = (place: string, wish: Partial<StoredServer> = {}): StoredServer => {
  const [address = '', port] = place.split(':');
  const base = { priority: 1, serverId, protocol: 'https' as const, acceptedKeys: [], instanceId: 'one' };
  return { ...base, address, port: Number(port), ...wish };
};
const told = (servers: readonly StoredServer[]): string[] =>
  servers.map(
    ({ priority, protocol, address, port, instanceId }) =>
      `${priority} ${protocol} ${address}:${port} ${instanceId}`,
  );
const own = {
  instanceId: 'one',
  serverId,
  addresses: ['a.example', 'b.example'],
  port: 13_000,
  httpPort: 8014,
};

const CASES: readonly [string, readonly StoredServer[], readonly string[]][] = [
  ['nothing has moved', [entry('a.example:13000')], ['1 https a.example:13000 one']],
  [
    'another address takes the place of the one that is gone, at its priority',
    [entry('gone.example:13000', { priority: 3 }), entry('x.example:13000', { instanceId: null })],
    ['3 https a.example:13000 one', '3 https b.example:13000 one', '1 https x.example:13000 null'],
  ],
  [
    'another port',
    [entry('a.example:14000', { priority: 2 }), entry('b.example:14000', { priority: 5 })],
    ['2 https a.example:13000 one', '2 https b.example:13000 one'],
  ],
  [
    'what an administrator took away does not come back while the rest is where it was',
    [entry('b.example:13000')],
    ['1 https b.example:13000 one'],
  ],
  [
    'of two addresses one has moved',
    [entry('b.example:13000', { priority: 4 }), entry('gone.example:13000')],
    ['4 https b.example:13000 one', '1 https a.example:13000 one'],
  ],
  [
    'without TLS it follows by its plain port',
    [entry('a.example:9000', { protocol: 'http' }), entry('a.example:13000', { priority: 50 })],
    ['1 http a.example:8014 one', '1 http b.example:8014 one', '50 https a.example:13000 one'],
  ],
  [
    'of another installation and by hand everything stays',
    [entry('c.example:1', { instanceId: 'two' }), entry('gone.example:2', { instanceId: null })],
    ['1 https c.example:1 two', '1 https gone.example:2 null'],
  ],
  [
    'a place that another entry has is not named twice',
    [entry('gone.example:13000'), entry('a.example:13000', { instanceId: null, priority: 9 })],
    ['1 https b.example:13000 one', '9 https a.example:13000 null'],
  ],
];
for (const [what, before, after] of CASES)
  test(`F-11 entries follow the installation that they came from: ${what}`, () => {
    const moved = followInstallation(before, own);
    assert.deepEqual(told(moved), after);
    assert.deepEqual(followInstallation(moved, own), moved, 'once more changes nothing');
  });

test('F-11 an entry belongs to the installation that is at its address and port, without TLS at its plain port', () => {
  const known = [
    entry('a.example:13000', { httpPort: 9014 }),
    entry('hand.example:13000', { instanceId: null }),
  ];
  const kept = { instanceId: 'one', httpPort: 9014 };
  assert.deepEqual(keeperOf(known, entry('A.example:13000')), kept);
  assert.deepEqual(keeperOf(known, entry('a.example:9014', { protocol: 'http' })), kept);
  assert.deepEqual(keeperOf(known, entry('a.example:13000', { protocol: 'http' })), { instanceId: null });
  assert.deepEqual(keeperOf(known, entry('hand.example:13000')), { instanceId: null });
  assert.deepEqual(
    signedServers(known).map((server) => Object.keys(server).includes('httpPort')),
    [false, false],
  );
});
