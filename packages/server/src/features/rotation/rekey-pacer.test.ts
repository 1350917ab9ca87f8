import { parseGroupId, parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IndexedHost } from '../fleet/fleet-index.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import {
  ASKED_WAITING_MAX,
  ASKED_WAITING_MS,
  RECONNECTS_AT_ONCE,
  RECONNECTS_PER_SECOND_MAX,
  REKEY_AGAIN_MS,
  REKEY_LOOK_MS,
  RekeyPacer,
  REKEYS_AT_ONCE,
  REKEYS_PER_SECOND_MAX,
} from './rekey-pacer.ts';
import type { RotationRow } from './rotation.store.ts';

const group = parseGroupId('22222222-2222-4222-8222-222222222222')!;
const HOSTS = 3 * REKEYS_PER_SECOND_MAX;

/** Hosts that all show a certificate of the old CA, of which those that were asked get one of the new. */
function fleetOf(count = HOSTS) {
  const clock = new FakeClock();
  const renewed = new Set<string>();
  const hosts = Array.from({ length: count }, (_, n) => {
    const id = parseHostId(`11111111-1111-4111-8111-${n.toString(16).padStart(12, '0')}`)!;
    const host = new IndexedHost(id, n, group);
    host.fingerprint = n.toString(16).padStart(64, '0');
    return host;
  });
  const registry = {
    issuerOf: (fingerprint: string) => (renewed.has(fingerprint) ? 'new' : 'old'),
  } as unknown as CertificateRegistry;
  const state: { rotation: RotationRow | undefined } = { rotation: undefined };
  const pacer = new RekeyPacer({ clock, log: silentLog(), registry, current: () => state.rotation });
  const pushed: HostId[] = [];
  const fleet = {
    hosts: () => hosts.values(),
    hasChannel: (id: HostId) => id !== hosts[0]!.id,
    push: (id: HostId, fetch: readonly string[]) => {
      assert.deepEqual(fetch, ['certificate']);
      pushed.push(id);
    },
  };
  return { clock, hosts, renewed, state, pacer, pushed, fleet };
}
const rotation = {
  id: 'r',
  kind: 'ca',
  phase: 'rekeying',
  direction: 'forward',
  pausedAtMs: null,
  fromKeyId: 'old-root',
  toKeyId: 'new-root',
  detail: {
    pairs: [
      { role: 'root', before: 'old-root', after: 'new-root' },
      { role: 'issuing', before: 'old', after: 'new' },
    ],
  },
} as unknown as RotationRow;

test('F-37 hosts are asked for certificates of the next CA at a measured pace, each once, and again only if it stays with the old one', async () => {
  const { clock, hosts, renewed, state, pacer, pushed, fleet } = fleetOf();
  pacer.look(fleet);
  assert.equal(pushed.length, 0, 'nothing is under way');
  state.rotation = rotation;
  for (let group = 1; group * REKEY_LOOK_MS <= 3 * SECOND_MS; group += 1) {
    await clock.advance(REKEY_LOOK_MS);
    pacer.look(fleet);
    pacer.look(fleet);
    assert.equal(pushed.length, Math.min(group * REKEYS_AT_ONCE, HOSTS - 1));
  }
  assert.equal(new Set(pushed).size, HOSTS - 1, 'nobody twice, and nobody without a channel');
  // that one hears it with its heartbeat
  assert.equal(pacer.admits(hosts[0]!), true);
  assert.equal(pacer.admits(hosts[0]!), false);
  for (const host of hosts.slice(2)) renewed.add(host.fingerprint);
  await clock.advance(REKEY_AGAIN_MS);
  pacer.look(fleet);
  pacer.look(fleet);
  assert.deepEqual(pushed.slice(HOSTS - 1), [hosts[1]!.id]);
});

test('F-33 a change that is paused, and one in another phase, asks nobody', async () => {
  const { clock, hosts, state, pacer, pushed, fleet } = fleetOf();
  await clock.advance(SECOND_MS);
  for (const other of [{ pausedAtMs: 1 }, { phase: 'overlap' }, { phase: 'withdrawing' }]) {
    state.rotation = { ...rotation, ...other } as RotationRow;
    pacer.look(fleet);
    assert.equal(pacer.admits(hosts[0]!), false);
  }
  assert.equal(pushed.length, 0);
  // turned round, everybody is asked for a certificate of the old CA
  state.rotation = { ...rotation, direction: 'back', fromKeyId: 'new-root', toKeyId: 'old-root' };
  assert.equal(pacer.admits(hosts[0]!), false, 'it has one');
});

test('F-37 after a switch of the TLS certificate those that were not shown the new one are asked for their list, a fleet of 10,000 within 70 seconds', async () => {
  const { clock, hosts, state, pacer } = fleetOf();
  const toKeyId = 'a'.repeat(64);
  state.rotation = { ...rotation, kind: 'tls', phase: 'overlap', toKeyId } as unknown as RotationRow;
  hosts[1]!.shownKey = Number.parseInt(toKeyId.slice(0, 7), 16);
  const pushed: (readonly [HostId, readonly string[]])[] = [];
  const fleet = {
    hosts: () => hosts.values(),
    hasChannel: (id: HostId) => id !== hosts[0]!.id,
    push: (id: HostId, fetch: readonly string[]) => {
      pushed.push([id, fetch]);
      const host = hosts.find((one) => one.id === id)!;
      if (host !== hosts[2]) host.shownKey = hosts[1]!.shownKey;
    },
  };
  const looks = Math.ceil((HOSTS - 2) / RECONNECTS_AT_ONCE);
  for (let look = 0; look < looks; look += 1) {
    await clock.advance(REKEY_LOOK_MS);
    pacer.look(fleet);
  }
  assert.equal(new Set(pushed.map(([id]) => id)).size, HOSTS - 2);
  assert.equal(pushed.length, HOSTS - 2, 'each once');
  assert.ok(pushed.every(([id, fetch]) => id !== hosts[1]!.id && fetch.join() === 'list'));
  assert.ok((10_000 / RECONNECTS_PER_SECOND_MAX) * SECOND_MS <= 70 * SECOND_MS);
  assert.ok(!pacer.admits(hosts[0]!), 'by the answer to a heartbeat only certificates are asked for');
  // one came over a connection of before: once more, and nobody else
  pacer.forget(hosts[2]!.id);
  for (let look = 0; look < 3; look += 1) {
    await clock.advance(REKEY_LOOK_MS);
    pacer.look(fleet);
  }
  assert.deepEqual(
    pushed.slice(HOSTS - 2).map(([id]) => id),
    [hosts[2]!.id],
  );
});

test('F-37 while many that were asked have not followed nobody else is asked, but none of them is waited for long', async () => {
  const { clock, hosts, state, pacer } = fleetOf(2 * ASKED_WAITING_MAX + 50);
  const toKeyId = 'a'.repeat(64);
  state.rotation = { ...rotation, kind: 'tls', phase: 'overlap', toKeyId } as unknown as RotationRow;
  const pushed: HostId[] = [];
  const fleet = {
    hosts: () => hosts.values(),
    hasChannel: () => true,
    push: (id: HostId) => pushed.push(id),
  };
  const look = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) {
      await clock.advance(REKEY_LOOK_MS);
      pacer.look(fleet);
    }
    return pushed.length;
  };
  const looksUntilFull = Math.ceil(ASKED_WAITING_MAX / RECONNECTS_AT_ONCE);
  assert.equal(await look(looksUntilFull + 1), ASKED_WAITING_MAX);
  const asked = new Set(pushed.slice(0, RECONNECTS_AT_ONCE));
  for (const host of hosts) if (asked.has(host.id)) host.shownKey = Number.parseInt(toKeyId.slice(0, 7), 16);
  assert.equal(await look(1), ASKED_WAITING_MAX + RECONNECTS_AT_ONCE);
  await clock.advance(ASKED_WAITING_MS);
  assert.equal(await look(looksUntilFull), 2 * ASKED_WAITING_MAX + RECONNECTS_AT_ONCE);
});
