import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { comingRenewalMs } from '@sekisho/core/rules/renewal-load.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { parseServerId } from '@sekisho/core/ids.ts';
import { ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerContext } from '../../context.ts';
import {
  currentCertificates,
  eachCurrentCertificate,
  renewalInformationOf,
} from '../certificates/renewal-rows.ts';
import { takeEvent } from '../events/take-event.ts';
import { forecast } from './forecast.ts';
import type { DrillHost } from './plan-drill.ts';
import { runDrill } from './run-drill.ts';
import { spreadLoad } from './spread-load.ts';

eachStore((_dialect, open) => {
  async function domainOf(t: Parameters<typeof open>[0], names: readonly string[]) {
    const domain = await ProtectionDomain.open(t, open);
    const ids: HostId[] = [];
    for (const name of names) ids.push(await domain.host(name));
    const online = new Set<HostId>(ids);
    const context = {
      ...domain.context,
      domain: { serverHostId: parseServerId('00000000-0000-4000-8000-00000000ffff') },
      fleet: { seen: (id: HostId) => ({ online: online.has(id) }) },
    } as unknown as ServerContext;
    const current = await currentCertificates(domain.store.db, ids, domain.nowMs);
    const hosts = ids.map((id, at): DrillHost => ({
      id,
      name: names[at] ?? '',
      certificate: current.get(id)!,
    }));
    return { domain, context, ids, hosts, online };
  }

  test('T-09 the forecast counts each host once, by its newest valid certificate', async (t) => {
    const { domain, context, ids } = await domainOf(t, ['a', 'b', 'c']);
    const [a, b, c] = ids as [HostId, HostId, HostId];
    await domain.certify(a);
    await domain.revoke(c);
    const pages: Sha256Hex[] = [];
    for await (const page of eachCurrentCertificate(domain.store.db, domain.nowMs))
      pages.push(...page.map(({ fingerprint }) => fingerprint));
    assert.equal(pages.length, 2);
    const view = await forecast(context, 300);
    assert.equal(view.total, 2);
    const current = await currentCertificates(domain.store.db, [a, b, c], domain.nowMs);
    const expected = new Array<number>(300).fill(0);
    for (const one of current.values()) {
      const day = Math.floor((comingRenewalMs(one) - domain.nowMs) / DAY_MS);
      expected[day] = (expected[day] ?? 0) + 1;
    }
    assert.deepEqual(view.days, expected);
  });

  test('T-09 a crowded day is spread once, by a worker that still has the duty', async (t) => {
    const { domain, context } = await domainOf(
      t,
      Array.from({ length: 60 }, (_, n) => `h${n}`),
    );
    const crowdedMs = domain.nowMs + 250 * DAY_MS;
    await domain.store.db.updateTable('certificates').set({ renew_at_ms: crowdedMs }).execute();
    const lost = (): Promise<void> => Promise.reject(new Error('the lease is gone'));
    await assert.rejects(spreadLoad(context, lost), /the lease is gone/);
    const held = (): Promise<void> => Promise.resolve();
    assert.equal(await spreadLoad(context, held), 10);
    const view = await forecast(context, 365);
    assert.deepEqual([Math.max(...view.days), view.total], [50, 60]);
    assert.equal(await spreadLoad(context, held), 0);
    const told = await renewalInformationOf(domain.store.db, domain.nowMs);
    assert.equal([...told.values()].filter(({ renewAtMs }) => renewAtMs !== crowdedMs).length, 10);
  });

  test('T-09 a drill says of each host what became of it: renewed, failed and why, offline, silent', async (t) => {
    const { domain, context, ids, hosts, online } = await domainOf(t, ['good', 'bad', 'gone', 'mute']);
    const [good, bad, gone] = ids as [HostId, HostId, HostId, HostId];
    online.delete(gone);
    const progress: number[] = [];
    const running = runDrill(context, hosts, MINUTE_MS, {
      progress: (done) => progress.push(done),
      signal: new AbortController().signal,
    });
    const drilled = { done: false };
    void running.then(() => (drilled.done = true));
    await until(
      'all are told',
      async () => (await renewalInformationOf(domain.store.db, domain.nowMs)).size === 4,
    );
    await domain.clock.advance(SECOND_MS);
    await domain.certify(good);
    await domain.store.transaction((tx) =>
      takeEvent(
        tx,
        bad,
        { spoolId: 's', event: 'renewal-failed', atMs: domain.nowMs, detail: { code: 'CLOCK_SKEW' } },
        domain.nowMs,
      ),
    );
    await until('it ends', async () => {
      await domain.clock.advance(SECOND_MS);
      return drilled.done;
    });
    const { counts, hosts: rows, more } = await running;
    assert.deepEqual(counts, { renewed: 1, failed: 1, offline: 1, unanswered: 1 });
    assert.deepEqual(
      rows.map(({ name, outcome, code }) => [name, outcome, code]),
      [
        ['mute', 'unanswered', null],
        ['gone', 'offline', null],
        ['bad', 'failed', 'CLOCK_SKEW'],
        ['good', 'renewed', null],
      ],
    );
    assert.equal(more, 0);
    assert.deepEqual([progress[0], progress.at(-1)], [0, 4]);
  });

  test('T-09 a drill that is cancelled takes back what it asked of those that have not renewed', async (t) => {
    const { domain, context, hosts } = await domainOf(t, ['one', 'two']);
    const stopping = new AbortController();
    const running = runDrill(context, hosts, MINUTE_MS, {
      progress: () => undefined,
      signal: stopping.signal,
    });
    const told = () => renewalInformationOf(domain.store.db, domain.nowMs);
    await until('both are told', async () => (await told()).size === 2);
    await domain.certify(hosts[0]!.id);
    await until('one is seen', async () => {
      await domain.clock.advance(SECOND_MS);
      return domain.clock.pendingTimers > 0;
    });
    stopping.abort();
    await assert.rejects(running);
    const left = await told();
    assert.equal(left.has(hosts[1]!.id), false);
  });
});
