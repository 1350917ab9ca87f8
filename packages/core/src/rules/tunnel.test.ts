import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRelay, decideTunnel, tunnelTarget, TUNNEL_TARGET_LENGTH_MAX } from './tunnel.ts';

const SERVER_ID = '00000000-0000-4000-8000-000000000001';
const servers = [
  { serverId: SERVER_ID, address: 'Backup.example.com', port: 13_000 },
  { serverId: '00000000-0000-4000-8000-000000000002', address: '10.0.0.5', port: 13_100 },
  { serverId: '00000000-0000-4000-8000-000000000003', address: '2001:db8::5', port: 13_000 },
] as const;

test('T-60 a tunnel ends at an entry of the signed list, by its address or its server ID', () => {
  const cases: [string, number][] = [
    ['backup.example.com:13000', 0],
    ['BACKUP.example.com:13000', 0],
    [`${SERVER_ID}:13000`, 0],
    ['10.0.0.5:13100', 1],
    ['[2001:db8::5]:13000', 2],
    ['[2001:0db8:0::0005]:13000', 2],
  ];
  for (const [target, index] of cases) {
    const decision = decideTunnel(target, servers);
    assert.equal(decision.allow && decision.server, servers[index], target);
  }
});

test('T-60 every other destination is refused: other ports, look-alikes, credentials, paths, nothing', () => {
  const targets = [
    ...['', ':', ':13000', 'backup.example.com', 'backup.example.com:', 'backup.example.com:0'],
    ...['backup.example.com:22', 'backup.example.com:13100', '10.0.0.5:13000', '10.0.0.5:013100'],
    ...['backup.example.com.:13000', 'xbackup.example.com:13000', 'backup.example.com:13000 ', '*:13000'],
    ...[
      'user:secret@backup.example.com:13000',
      'https://backup.example.com:13000',
      'backup.example.com:13000/',
    ],
    ...[
      '127.0.0.1:13000',
      'localhost:13000',
      '169.254.169.254:80',
      '[::1]:13000',
      '0x0a000005:13100',
      '10.5:13100',
    ],
    ...['[::ffff:10.0.0.6]:13100', '[fe80::1%eth0]:13000', `${SERVER_ID}:13100`, `${SERVER_ID}.x:13000`],
    ...[
      'backup.example.com:99999',
      'backup.example.com:1300０',
      `${'a'.repeat(TUNNEL_TARGET_LENGTH_MAX)}:13000`,
    ],
  ];
  for (const target of targets) {
    const decision = decideTunnel(target, servers);
    assert.equal(!decision.allow && decision.code, 'TUNNEL_TARGET_REFUSED', target);
  }
  assert.equal(decideTunnel('backup.example.com:13000', []).allow, false);
});

test('T-60 whatever is asked for, where it ends stands on the list, and what stands there can be asked for', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.nat(70_000), (host, port) => {
      const decision = decideTunnel(`${host}:${port}`, servers);
      assert.ok(!decision.allow || servers.some((entry) => entry === decision.server));
    }),
  );
  for (const entry of servers) {
    const decision = decideTunnel(tunnelTarget(entry.address, entry.port), servers);
    assert.equal(decision.allow && decision.server, entry);
  }
});

test('T-62 only a current media server relays', () => {
  const cases: [boolean, boolean, string | undefined][] = [
    [true, false, undefined],
    [false, false, 'RELAY_NOT_MEDIA_SERVER'],
    [true, true, 'RELAY_LEGACY'],
    [false, true, 'RELAY_LEGACY'],
  ];
  for (const [isMedia, isLegacy, code] of cases) {
    const decision = decideRelay({ host: 'media1', isMedia, isLegacy });
    assert.equal(decision.allow ? undefined : decision.code, code);
    if (!decision.allow) assert.deepEqual(decision.params, { host: 'media1' });
  }
  assert.deepEqual(decideRelay({ host: 'media1', isMedia: true, isLegacy: false }), { allow: true });
});

test('T-60 a server ID may be written in either case, and a target may be as long as a name and a port', () => {
  const serverId = 'abcdef00-0000-4000-8000-00000000000f';
  const [longest, longer] = ['a', 'aa'].map((start) => `${start}${'.a'.repeat(126)}x`) as [string, string];
  const listed = [longest, longer].map((address) => ({ serverId, address, port: 13_000 }));
  for (const target of [serverId, serverId.toUpperCase(), longest])
    assert.equal(decideTunnel(`${target}:13000`, listed).allow, true, target);
  assert.deepEqual([`${longest}:13000`.length, TUNNEL_TARGET_LENGTH_MAX], [260, 260]);
  assert.equal(decideTunnel(`${longer}:13000`, listed).allow, false);
});

test('T-60 the refusal of a target shows it in printable characters, cut', () => {
  const decision = decideTunnel('a b\u0007:1', servers);
  assert.deepEqual(decision.allow || decision.params, { target: 'a?b?:1' });
});
