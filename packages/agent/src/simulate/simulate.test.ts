import { createPlan } from '@sekisho/core/wire/plans.ts';
import { listJobs } from '@sekisho/core/wire/jobs.ts';
import { FORECAST_DAYS_MAX } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { drillResult, forecastRenewals, planDrill, startDrill } from '@sekisho/core/wire/renewals.ts';
import { getTask } from '@sekisho/core/wire/tasks.ts';
import { createToken, listAudit, listHosts, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { simulate, type SimulateOptions, type SimulationSummary } from './simulate.ts';

/** Long enough that a busy machine loses nobody. */
const HEARTBEAT_MS = 5_000;
const SHORT_HEARTBEAT_MS = 500;

describe('a simulated fleet', () => {
  let fleet: Fleet;
  const ends: (() => unknown)[] = [];
  before(async () => {
    fleet = await Fleet.start({ after: (end) => ends.push(end) }, { heartbeatSeconds: 1 });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  async function run(seed: number, wish: Partial<SimulateOptions>): Promise<SimulationSummary> {
    const usesMax = wish.agents ?? 1;
    const { token } = await fleet.call(createToken, { body: { name: `simulation ${seed}`, usesMax } });
    return simulate({
      server: { host: '127.0.0.1', port: fleet.server.ports.agent },
      expectedFingerprint: fleet.caFingerprint,
      token: new Secret(token),
      agents: 1,
      heartbeatMs: HEARTBEAT_MS,
      durationMs: 300_000,
      spreadMs: 200,
      seed,
      clock: systemClock,
      random: systemRandom,
      ...wish,
    });
  }

  test('S-10 enrols, beats, acknowledges its documents, reports jobs, and loses nobody', async () => {
    const phases = new Set<string>();
    const enough = new AbortController();
    const summary = await run(1, {
      agents: 20,
      jobsPerHour: 36_000,
      signal: enough.signal,
      onProgress: ({ phase, connected, heartbeats, documentsAcknowledged, jobsReported }) => {
        phases.add(phase);
        if (phase !== 'running' || connected < 20 || heartbeats < 60) return;
        if (documentsAcknowledged >= 80 && jobsReported > 0) enough.abort();
      },
      async onEnrolled() {
        const { hosts } = await fleet.call(listHosts, { query: {} });
        const [host] = hosts.filter(({ name }) => name.startsWith('sim-1-'));
        assert.ok(host);
        const endpoints = [{ address: '127.0.0.1', port: 9 }];
        await fleet.call(setHostMedia, { params: { id: host.id }, body: { media: true, endpoints } });
        await fleet.call(createPlan, {
          body: {
            name: 'simulated',
            targets: { hosts: [], groups: [host.group] },
            paths: ['/srv'],
            schedules: [{ name: 'yearly', cron: '0 3 1 1 *', timeZone: 'UTC' }],
            mediaServers: [host.id],
          },
        });
      },
    });
    assert.deepEqual(
      { lost: summary.lost, enrolled: summary.enrolled, connected: summary.connected },
      { lost: 0, enrolled: 20, connected: 20 },
    );
    assert.ok(summary.heartbeats >= 20 * 3, `${summary.heartbeats} heartbeats`);
    assert.ok(summary.documentsAcknowledged >= 20 * 4, `${summary.documentsAcknowledged} documents`);
    assert.deepEqual(
      Object.keys(summary.errors).filter((code) => code !== 'SERVER_UNREACHABLE'),
      [],
    );
    assert.deepEqual([...phases], ['enrolling', 'connecting', 'running']);
    assert.ok(
      summary.latencyMs.p50 <= summary.latencyMs.p99 && summary.latencyMs.p99 <= summary.latencyMs.max,
    );
    const { jobs } = await fleet.call(listJobs, { query: { limit: 500 } });
    assert.ok(summary.jobsReported > 0);
    assert.ok(jobs.length >= summary.jobsReported);
    assert.ok(jobs.every(({ state }) => state === 'done'));
    const { hosts } = await fleet.call(listHosts, { query: {} });
    assert.equal(hosts.filter(({ name }) => /^sim-1-\d+$/.test(name)).length, 20);
  });

  test('T-09 S-10 a drill over a share of the fleet renews simulated and real agents, each with a new key', async () => {
    const real = await fleet.addHost('real');
    const first = real.agent.status().certificate?.fingerprint;
    const stopping = new AbortController();
    let connected = 0;
    let renewals = 0;
    const summary = run(6, {
      agents: 5,
      signal: stopping.signal,
      onProgress: (progress) => {
        ({ connected, renewals } = progress);
      },
    });
    await until('all are connected', () => connected === 5);
    const { hosts } = await fleet.call(listHosts, { query: { namePrefix: 'sim-6-' } });
    const share = await fleet.call(planDrill, { body: { sharePercent: 0.01 } });
    assert.equal(share.hosts.length, 1, 'one host at least');
    const chosen = [real.hostId, ...hosts.slice(0, 3).map(({ id }) => id)];
    const plan = await fleet.call(planDrill, { body: { hosts: chosen } });
    assert.deepEqual(
      plan.hosts.map(({ id, online }) => [id, online]),
      chosen.map((id) => [id, true]),
    );
    const { taskId } = await fleet.call(startDrill, { body: { hosts: chosen } });
    const task = await eventually('the drill ends', async () => {
      const found = await fleet.call(getTask, { params: { id: taskId } });
      return found.endedAtMs === null ? undefined : found;
    });
    assert.equal(task.state, 'done', JSON.stringify(task));
    assert.deepEqual(drillResult.parse(task.result).counts, {
      renewed: 4,
      failed: 0,
      offline: 0,
      unanswered: 0,
    });
    await until('they are told so', () => renewals === 3 && connected === 5);
    stopping.abort();
    assert.deepEqual([(await summary).renewals, (await summary).lost], [3, 0]);
    const status = real.agent.status().certificate;
    assert.notEqual(status?.fingerprint, first);
    const forecast = await fleet.call(forecastRenewals, { query: { days: FORECAST_DAYS_MAX } });
    assert.equal(
      forecast.days.reduce((sum, day) => sum + day, 0),
      forecast.total,
    );
    const day = Math.floor(((status?.renewFromMs ?? 0) - forecast.fromMs) / DAY_MS);
    assert.ok((forecast.days[day] ?? 0) > 0, 'the agent renews on a day of the forecast');
    const { rows } = await fleet.call(listAudit, { query: { act: 'drill-renewals' } });
    assert.deepEqual(
      rows.map(({ detail }) => detail['hosts']),
      [4],
    );
  });

  test('S-10 agents come back to a server that was restarted, and none is lost', async () => {
    const stopping = new AbortController();
    let connected = 0;
    const summary = run(2, {
      agents: 10,
      signal: stopping.signal,
      onProgress: (progress) => {
        ({ connected } = progress);
      },
    });
    const connectedAre = (agents: number) =>
      eventually(`${agents} are connected`, () => (connected === agents ? true : undefined));
    await connectedAre(10);
    await fleet.stopServer();
    await connectedAre(0);
    await fleet.startServer();
    await connectedAre(10);
    const backMs = systemClock.nowMs();
    await eventually('all have beaten again', async () => {
      const { hosts } = await fleet.call(listHosts, { query: { limit: 500 } });
      const seen = hosts.filter(
        ({ name, lastSeenAtMs }) => name.startsWith('sim-2-') && (lastSeenAtMs ?? 0) > backMs,
      );
      return seen.length === 10 ? true : undefined;
    });
    stopping.abort();
    const found = await summary;
    assert.equal(found.lost, 0);
    assert.ok(found.reconnects >= 10, `${found.reconnects} reconnects`);
    assert.equal(found.interrupted, true);
  });

  test('S-10 another fingerprint than the one of the CA, or a token that is refused, ends it before anything runs', async () => {
    const wrong = { expectedFingerprint: 'ab'.repeat(32) };
    await assert.rejects(run(4, wrong), { code: 'CA_FINGERPRINT_MISMATCH' });
    await assert.rejects(run(5, { token: new Secret('not-a-token') }), { code: 'TOKEN_REFUSED' });
  });

  test('S-10 when the server goes away, every agent counts as lost, and the errors say why', async (context) => {
    context.after(() => fleet.startServer());
    const stopping = new AbortController();
    let connected = 0;
    const running = run(3, {
      agents: 5,
      heartbeatMs: SHORT_HEARTBEAT_MS,
      signal: stopping.signal,
      onProgress: (progress) => {
        ({ connected } = progress);
      },
    });
    await eventually('all are connected', () => (connected === 5 ? true : undefined));
    await fleet.stopServer();
    await eventually('none is connected', () => (connected === 0 ? true : undefined));
    // nobody answers any more: after two periods they are lost, however busy the machine is
    await systemClock.sleep(4 * SHORT_HEARTBEAT_MS);
    stopping.abort();
    const summary = await running;
    assert.equal(summary.lost, 5);
    assert.equal(summary.connected, 0);
    assert.ok(summary.heartbeatsMissedMax >= 2);
    assert.ok((summary.errors['SERVER_UNREACHABLE'] ?? 0) >= 5);
  });
});
