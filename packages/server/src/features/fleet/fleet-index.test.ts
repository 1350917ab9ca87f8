import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import type { Heartbeat } from '@sekisho/core/wire/agent.ts';
import { ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenWork } from '../jobs/open-work.ts';
import { FleetIndex } from './fleet-index.ts';
import { HeartbeatDesk } from './heartbeat-desk.ts';

const beat = (change: Partial<Heartbeat> = {}): Heartbeat => ({
  sentAtMs: 0,
  bundleGeneration: 1,
  listSerial: 2,
  assignmentSerial: 3,
  policySerial: 4,
  crlNumber: 5,
  certificates: [],
  version: '0.1.0',
  bootId: 'boot',
  health: ['disk-low'],
  spooled: 0,
  ...change,
});

eachStore((_dialect, open) => {
  test('F-02 what was seen is written in batches, read at the next start, and only when it changed', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const ids: HostId[] = [];
    for (let count = 0; count < 3; count += 1)
      ids.push(await domain.host(`host-${count}`, { certificate: false }));
    const index = new FleetIndex(domain.store);
    await index.load();
    for (const id of ids.slice(0, 2)) index.touch(index.get(id)!, beat(), 'f'.repeat(64), domain.nowMs);
    assert.equal(await index.flush(), 2);
    assert.equal(await index.flush(), 0);
    const next = new FleetIndex(domain.store);
    await next.load();
    const seen = next.get(ids[0]!)!;
    assert.deepEqual(
      [seen.lastSeenMs, seen.bundleGeneration, seen.policySerial, seen.crlNumber, seen.version, seen.health],
      [domain.nowMs, 1, 4, 5, '0.1.0', ['disk-low']],
    );
    assert.equal(next.get(ids[2]!)?.lastSeenMs, 0);
    assert.equal(next.size, 3);
  });

  test('F-05 since when a host refuses its server is told by the first of its reports, also after a restart and in another process', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const id = await domain.host('host');
    const here = new FleetIndex(domain.store);
    await here.load();
    const hear = (index: FleetIndex, health: string[]): void => {
      index.touch(index.get(id)!, beat({ health }), 'a', domain.nowMs);
    };
    hear(here, ['clock-skew']);
    await domain.clock.advance(1000);
    hear(here, ['clock-skew', 'orphaned']);
    const firstSeconds = Math.floor(domain.nowMs / 1000);
    await domain.clock.advance(60_000);
    hear(here, ['orphaned']);
    await here.flush();
    const there = new FleetIndex(domain.store);
    await there.load();
    await domain.clock.advance(60_000);
    hear(there, ['orphaned']);
    assert.deepEqual(
      [here, there].map((index) => index.get(id)?.orphanedAtSeconds),
      [firstSeconds, firstSeconds],
    );
    hear(there, []);
    await there.flush();
    await here.load();
    assert.equal(here.get(id)?.orphanedAtSeconds, 0);
    hear(here, ['orphaned']);
    const again = here.get(id)!.orphanedAtSeconds;
    assert.ok(again > firstSeconds);
    here.clockSet(-3_600_000);
    assert.equal(here.get(id)?.orphanedAtSeconds, again - 3_600, 'it follows a clock that is set back');
  });

  test('F-02 another process’s older news does not overwrite newer', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const id = await domain.host('host');
    const here = new FleetIndex(domain.store);
    const there = new FleetIndex(domain.store);
    await here.load();
    await there.load();
    there.touch(there.get(id)!, beat({ policySerial: 7 }), 'a', domain.nowMs);
    await there.flush();
    await domain.clock.advance(1000);
    here.touch(here.get(id)!, beat({ policySerial: 9 }), 'a', domain.nowMs);
    await here.load();
    assert.equal(here.get(id)?.policySerial, 9);
    await here.flush();
    await there.load(domain.nowMs);
    assert.equal(there.get(id)?.policySerial, 9);
  });

  test('F-02 an unchanged heartbeat is answered from memory: no statement reaches the database', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const id = await domain.host('host', { certificate: false });
    const index = new FleetIndex(domain.store);
    await index.load();
    const work = new OpenWork(domain.store, () => undefined);
    await work.fill();
    const parts = {
      ...domain.context,
      index,
      work,
      defaults: { heartbeatSeconds: 300, mode: 'push' } as const,
      crlNumber: () => 5,
      namesGeneration: () => 2,
      renewalOf: () => ({ fingerprint: 'ab'.repeat(32) as Sha256Hex, renewAtMs: 7 }),
    };
    const desk = new HeartbeatDesk(parts);
    await desk.load();
    const host = index.get(id)!;
    await desk.answer(host, 'f', beat());
    const silent = new HeartbeatDesk({
      ...parts,
      get store(): never {
        throw new Error('the database was asked');
      },
    });
    domain.documents.serials.set(`policy/${domain.groupId}`, 4);
    assert.deepEqual(await silent.answer(host, 'f', beat()), {
      nowMs: domain.nowMs,
      fetch: [],
      offers: [],
      cancels: [],
      names: 2,
      renewal: parts.renewalOf(),
    });
    domain.documents.serials.set(`policy/${domain.groupId}`, 5);
    domain.documents.serials.set(`assignment/${id}`, 9);
    assert.deepEqual((await silent.answer(host, 'f', beat())).fetch, ['assignment', 'policy']);
  });
});
