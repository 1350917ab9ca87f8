import { cancelJob, getJob } from '@sekisho/core/wire/jobs.ts';
import { getPlan, replacePlan } from '@sekisho/core/wire/plans.ts';
import { browsePoint } from '@sekisho/core/wire/points.ts';
import { listAudit, revokeHost } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { eachStore, emptyDatabase } from '@sekisho/testkit/stores.ts';
import { callerOf, joinFolder, startOn } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFiles, noRestic, refusedWith, resticsOf, slowPlan } from './under-way.ts';

/** What people are told of a host: events of this kind, as they are kept. */
const eventsOf = async (fleet: Fleet, host: string, event: string): Promise<number> => {
  const rows = await fleet.server.context.store.db
    .selectFrom('host_events')
    .select('spool_id')
    .where('host_id', '=', fleet.host(host).hostId)
    .where('event', '=', event)
    .execute();
  return rows.length;
};

test('F-03 in pull mode policies, jobs, cancels and revocations come with heartbeats alone', async (t) => {
  const hosts = [{ name: 'vault', media: true }, { name: 'laptop' }];
  const fleet = await Fleet.start(t, { mode: 'pull', heartbeatSeconds: 1, hosts });
  const laptop = fleet.host('laptop');
  const sessions = (): number => fleet.server.context.fleet.figures().sessions;
  for (const { name } of hosts)
    await eventually(`${name} keeps no channel`, () =>
      fleet.host(name).agent.status().channel === 'off' ? true : undefined,
    );
  await eventually('no session is left', () => (sessions() === 0 ? true : undefined));

  const first = join(fleet.folder, 'first');
  const second = join(fleet.folder, 'second');
  await makeFiles(first);
  await makeFiles(second);
  const plan = await fleet.plan('laptop', [first], 'vault');
  await fleet.deployed(plan.id);
  assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');

  const { id: _, createdAtMs: __, changedAtMs: ___, deployed: ____, ...spec } = plan;
  await fleet.call(replacePlan, { params: { id: plan.id }, body: { ...spec, paths: [first, second] } });
  const changed = await fleet.deployed(plan.id);
  assert.equal(changed.revision, plan.revision + 1);
  const job = await fleet.backup(plan.id, 'laptop');
  assert.deepEqual([job.state, job.report?.planRevision], ['done', changed.revision]);
  const point = (await fleet.points('laptop', 2)).find(({ jobId }) => jobId === job.id);
  assert.ok(point);
  const browse = await fleet.call(browsePoint, { params: { id: point.id }, body: { path: second } });
  assert.equal((await fleet.ended(browse.id)).state, 'done');

  const slow = await slowPlan(fleet, 'laptop', 'vault');
  const id = await fleet.begin(slow.plan.id, 'laptop');
  await eventually('restic is at work', async () => ((await resticsOf(fleet)).length > 0 ? true : undefined));
  await fleet.call(cancelJob, { params: { id } });
  assert.equal((await fleet.ended(id)).state, 'cancelled');
  await noRestic(fleet);

  const before = fleet.host('vault').agent.status().serials.crl;
  await fleet.call(revokeHost, { params: { id: laptop.hostId }, body: { reason: 'superseded' } });
  await eventually('the vault has the new CRL', () =>
    fleet.host('vault').agent.status().serials.crl > before ? true : undefined,
  );
  await refusedWith('CERTIFICATE_REVOKED', laptop.agent.heartbeatNow());
  assert.equal(sessions(), 0);
});

test('a cloned machine: the newcomer gets no channel and no work while the first answers, and people are told', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const laptop = fleet.host('laptop');
  const source = join(fleet.folder, 'source');
  await makeFiles(source);
  const plan = await fleet.plan('laptop', [source], 'vault');
  assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');
  const clone = await fleet.clone('laptop');
  t.after(() => clone.stop());
  await eventually('the clone was told', () =>
    clone.status().health.some(({ code }) => code === 'channel-clone') ? true : undefined,
  );
  assert.ok((await eventsOf(fleet, 'laptop', 'session-clone')) > 0);
  const { rows } = await fleet.call(listAudit, { query: { limit: 50 } });
  const row = rows.find(({ detail }) => detail['code'] === 'CHANNEL_CLONE');
  assert.deepEqual([row?.category, row?.subject, row?.outcome], ['CONNECTION', laptop.hostId, 'refused']);

  // the first one goes on, and each job is done once
  await laptop.agent.heartbeatNow();
  assert.equal(laptop.agent.status().channel, 'open');
  const beats = setInterval(() => void clone.heartbeatNow().catch(() => undefined), 20);
  t.after(() => {
    clearInterval(beats);
  });
  for (let run = 2; run <= 4; run += 1) {
    assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');
    assert.equal((await fleet.points('laptop', run)).length, run);
  }
  clearInterval(beats);
  assert.deepEqual(clone.status().jobs, []);

  // who is gone is replaced: the server cannot know which one is the original
  await laptop.agent.stop();
  await eventually('the other one has the channel', () =>
    clone.status().channel === 'open' ? true : undefined,
  );
  assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');
});

test('F-03 two agents with one identity are noticed in pull mode too', async (t) => {
  const fleet = await Fleet.start(t, { mode: 'pull', hosts: [{ name: 'laptop' }] });
  const first = fleet.host('laptop').agent;
  await fleet.restartAgent('laptop');
  const again = fleet.host('laptop').agent;
  await again.heartbeatNow();
  assert.notEqual(first, again);
  assert.equal(await eventsOf(fleet, 'laptop', 'session-clone'), 0, 'a restart is no clone');
  const clone = await fleet.clone('laptop');
  t.after(() => clone.stop());
  await clone.heartbeatNow();
  await again.heartbeatNow();
  await eventually('people are told', async () =>
    (await eventsOf(fleet, 'laptop', 'session-clone')) === 1 ? true : undefined,
  );
  await clone.heartbeatNow();
  await again.heartbeatNow();
  assert.equal(await eventsOf(fleet, 'laptop', 'session-clone'), 1, 'once in an hour');
});

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('S-07 F-03 T-40 two servers on one database: what is done on one reaches the agents of the other', async (t) => {
    const later: (() => unknown)[] = [];
    const { database } = await emptyDatabase({ after: (step) => later.push(step) }, 'postgres');
    const fleet = await Fleet.start(t, {
      database,
      hosts: [{ name: 'vault', media: true }, { name: 'laptop' }, { name: 'desk' }],
    });
    const dataFolder = join(fleet.folder, 'second-server');
    await joinFolder(dataFolder, fleet);
    const lists = fleet.host('laptop').agent.status().serials.list;
    const second = await startOn(dataFolder, systemClock);
    t.after(async () => {
      for (const host of fleet.hosts.values()) await host.agent.stop();
      await second.stop();
      for (const step of later) await step();
    });
    const there = callerOf(() => second.socketPath);
    await eventually('agents know of the second server', () =>
      fleet.host('laptop').agent.status().serials.list > lists ? true : undefined,
    );
    // of servers of one priority an agent draws one: this draws the last
    await fleet.restartAgent('laptop', { ...systemRandom, fraction: () => 0.99 });
    const laptop = fleet.host('laptop');
    await eventually('the laptop is on the second server', () =>
      second.context.fleet.seen(laptop.hostId)?.online === true && laptop.agent.status().channel === 'open'
        ? true
        : undefined,
    );
    assert.equal(fleet.server.context.connections.count(laptop.hostId), 0);
    assert.ok(second.context.connections.count(laptop.hostId) > 0);
    assert.equal(second.context.connections.count(fleet.host('desk').hostId), 0);

    const { plan } = await slowPlan(fleet, 'laptop', 'vault');
    await eventually('the laptop has the plan', async () => {
      const { deployed } = await there(getPlan, { params: { id: plan.id } });
      return deployed.acknowledged === 1 ? true : undefined;
    });
    const id = await fleet.begin(plan.id, 'laptop');
    const underWayThere = await eventually('the second server sees the job at work', async () => {
      const job = await there(getJob, { params: { id } });
      return job.state === 'active' && (job.progress?.bytesDone ?? 0) > 0 ? job : undefined;
    });
    assert.equal(underWayThere.hostId, laptop.hostId);
    assert.equal((await fleet.call(getJob, { params: { id } })).state, 'active');
    await fleet.call(cancelJob, { params: { id } });
    assert.equal((await fleet.ended(id)).state, 'cancelled');

    const body = { reason: 'keyCompromise' } as const;
    await fleet.call(revokeHost, { params: { id: laptop.hostId }, body });
    await eventually('the second server has cut it', () =>
      second.context.connections.count(laptop.hostId) === 0 && laptop.agent.status().channel === 'closed'
        ? true
        : undefined,
    );
    await refusedWith('CERTIFICATE_REVOKED', laptop.agent.heartbeatNow());
    const desk = fleet.host('desk');
    await there(revokeHost, { params: { id: desk.hostId }, body });
    await eventually('the first server has cut it', () =>
      fleet.server.context.connections.count(desk.hostId) === 0 && desk.agent.status().channel === 'closed'
        ? true
        : undefined,
    );
  });
});
