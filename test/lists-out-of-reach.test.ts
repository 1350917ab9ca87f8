import type { JobView } from '@sekisho/core/wire/jobs.ts';
import { getJob } from '@sekisho/core/wire/jobs.ts';
import { getHost, setSecurity, type SecuritySettings } from '@sekisho/core/wire/trust.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTcpRelay } from '../packages/agent/test/tcp-relay.ts';
import { makeFiles } from './under-way.ts';

/** Agents find the server here; what stands in between loses the way to the lists alone. */
const ADDRESS = '127.0.0.2';
const HOSTS = ['vault', 'laptop'] as const;

test('T-42 T-41 the lists cannot be fetched for eight days: it shows, decides by the setting, and ends by itself', async (t) => {
  const clock = new FakeClock();
  const fleet = await Fleet.start(t, { address: ADDRESS, clock, hostCertificateHours: 450 * 24 });
  const { agent, http } = fleet.server.ports;
  const toServer = await startTcpRelay(agent, { host: ADDRESS, port: agent });
  const toLists = await startTcpRelay(http, { host: ADDRESS, port: http });
  t.after(() => Promise.all([toServer.stop(), toLists.stop()]));
  for (const name of HOSTS) await fleet.addHost(name, { media: name === 'vault' });
  const source = join(fleet.folder, 'source');
  await makeFiles(source);
  const plan = await fleet.plan('laptop', [source], 'vault');

  /** Asks again and again, and lets time flow meanwhile. */
  const meanwhile = <T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> =>
    eventually(what, async () => {
      await clock.advance(500);
      return ask();
    });
  const backup = async (): Promise<JobView> => {
    const id = await fleet.begin(plan.id, 'laptop');
    return meanwhile(`the backup ${id} ends`, async () => {
      const job = await fleet.call(getJob, { params: { id } });
      return job.endedAtMs === null ? undefined : job;
    });
  };
  const isStale = async (name: string): Promise<boolean> => {
    await fleet.host(name).agent.heartbeatNow();
    const { health } = await fleet.call(getHost, { params: { id: fleet.host(name).hostId } });
    return health.includes('crl-stale');
  };
  const level = async (to: SecuritySettings['level']): Promise<void> => {
    await fleet.call(setSecurity, { body: { level: to } });
    await clock.advance(3_000);
    for (const name of HOSTS) await fleet.host(name).agent.heartbeatNow();
  };

  await meanwhile('all is well', async () => ((await backup()).state === 'done' ? true : undefined));
  toLists.down = true;
  clock.jump(8 * DAY_MS);
  for (const name of HOSTS)
    await meanwhile(`${name} says that its lists are out of date`, async () =>
      (await isStale(name)) ? true : undefined,
    );
  const open = await backup();
  assert.equal(open.state, 'done', `at the level "high" they go on: ${JSON.stringify(open.report)}`);

  await level('very-high');
  const closed = await meanwhile('at the level "very high" nobody is trusted without a list', async () => {
    const job = await backup();
    return job.state === 'failed' ? job : undefined;
  });
  assert.equal(closed.report?.code, 'PEER_CRL_STALE', JSON.stringify(closed.report));

  toLists.down = false;
  for (const name of HOSTS)
    await meanwhile(`${name} has fetched them, by itself`, async () =>
      (await isStale(name)) ? undefined : true,
    );
  const after = await backup();
  assert.equal(after.state, 'done', JSON.stringify(after.report));
});
