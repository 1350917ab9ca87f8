import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import { createToken } from '@sekisho/core/wire/trust.ts';
import { choosePorts } from '@sekisho/cli/demo/ports.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { newestGeneration } from '../harness/newest-generation.ts';
import { carryOutRotation } from '../harness/rotation.ts';
import { makeSimulatedDomain, type SimulatedDomain } from '../harness/simulated-domain.ts';
import { RealBackups } from '../soak/real-backups.ts';
import { makeRealHosts } from '../soak/real-hosts.ts';
import type { SekishoProcess } from '../soak/sekisho-process.ts';

const AGENTS = 10_000;
const AGENTS_QUICK = 60;
/** Each figure of a run is made of 10,000 agents already, and a run takes ten minutes. */
const RUNS = 1;
/** A tenth of the default: who waits for heartbeats is seen, and the agents leave processor time to the server on the same machine. */
const HEARTBEAT_SECONDS = 30;
const HEARTBEAT_SECONDS_QUICK = 2;
/** The aim: so many periods, and so much beside them. */
const PERIODS = 3;
const BESIDE_SECONDS = 5;
const UPDATE_MS_MAX = 15 * 60_000;
const HELD_MS_MAX = 120_000;
/** A pause between two backups of the real host, next to none. */
const GAP_MS = { least: 10, most: 50 };

const TIME = {
  id: 'update-time',
  title:
    'announced update of the TLS or the signing certificate, from its start until the old one is withdrawn',
  unit: 's',
  yardstick: '3 heartbeat periods and 5 s',
  aim: 1,
  better: 'lower',
  runsMin: RUNS,
} as const;
const LOST = {
  id: 'update-lost',
  title: 'agents that an update of TLS, signing certificate or CA loses',
  unit: 'agents',
  yardstick: UNIT_YARDSTICK,
  aim: 0,
  better: 'lower',
  runsMin: RUNS,
} as const;
const MISSED = {
  id: 'update-missed',
  title: 'heartbeats that one agent misses in an update of TLS, signing certificate or CA',
  unit: 'heartbeats',
  yardstick: UNIT_YARDSTICK,
  aim: 1,
  better: 'lower',
  runsMin: RUNS,
} as const;
const CPU = {
  id: 'update-cpu',
  title:
    'CPU of the server for each agent in an announced update of the TLS certificate, beyond what the same time costs without one',
  unit: 'CPU-ms',
  yardstick: 'enrolment of a host',
  aim: 1,
  better: 'lower',
  runsMin: RUNS,
} as const;
const REKEY = {
  id: 'ca-rekey',
  title:
    'CPU of the server for each host in an update of the CA, its new certificate included, beyond what the same time costs without one',
  unit: 'CPU-ms',
  yardstick: 'enrolment of a host',
  aim: 3,
  better: 'lower',
  runsMin: RUNS,
} as const;
const STALL = {
  id: 'ca-stall',
  title: 'longest stall of the event loop in an update of the CA',
  unit: 'ms',
  yardstick: UNIT_YARDSTICK,
  aim: 50,
  better: 'lower',
  runsMin: RUNS,
} as const;
const BACKUPS = {
  id: 'ca-backups-disturbed',
  title: 'backups, one after the other, that do not end well in an update of the CA',
  unit: 'backups',
  yardstick: UNIT_YARDSTICK,
  aim: 0,
  better: 'lower',
  runsMin: RUNS,
} as const;

/** F-30 … F-39 Certificates that change under a fleet that goes on. */
export const certificateUpdates: Bench = {
  name: 'certificate-updates',
  figures: [TIME, LOST, MISSED, CPU, REKEY, STALL, BACKUPS],
  slow: true,
  measure,
};

async function measure({ quick, agents, runs, say }: HowToMeasure): Promise<Sample[]> {
  const heartbeatSeconds = quick ? HEARTBEAT_SECONDS_QUICK : HEARTBEAT_SECONDS;
  const domain = await makeSimulatedDomain({
    agents: agents ?? (quick ? AGENTS_QUICK : AGENTS),
    heartbeatSeconds,
    say,
  });
  const processes: SekishoProcess[] = [];
  try {
    const backups = await startBackups(domain, processes);
    const samples: Sample[] = [];
    const rounds = quick ? runs : RUNS;
    for (let run = 1; run <= rounds; run += 1) {
      say(`run ${run} of ${rounds}`);
      samples.push(...(await measureRun(domain, backups, heartbeatSeconds, say)));
    }
    await backups.end();
    return samples;
  } finally {
    for (const one of processes) await one.stop();
    await domain.remove();
  }
}

async function measureRun(
  domain: SimulatedDomain,
  backups: RealBackups,
  heartbeatSeconds: number,
  say: (text: string) => void,
): Promise<Sample[]> {
  const { server, agents, enrolCpuMs } = domain;
  say('updates the TLS certificate');
  const allowed = PERIODS * heartbeatSeconds + BESIDE_SECONDS;
  const tls = await update(domain, 'tls', heartbeatSeconds, say);
  const before = await server.cpuMs();
  await sleep(tls.seconds * 1_000);
  const idleMs = ((await server.cpuMs()) - before) / agents;
  say('updates the signing certificate');
  const signing = await update(domain, 'signing', heartbeatSeconds, say);
  say('updates the CA');
  await server.call('beginStalls', undefined, z.unknown());
  const done = backups.records.length;
  const ca = await update(domain, 'ca', heartbeatSeconds, say);
  const stallMs = await server.call('longestStallMs', undefined, z.number());
  const busyMs = await server.call('longestBusyMs', undefined, z.number());
  const tlsMs = tls.cpuMs - idleMs;
  const rekeyMs = ca.cpuMs - (idleMs / tls.seconds) * ca.seconds;
  const ended = backups.records.slice(done);
  const disturbed = ended.filter(({ state }) => state !== 'done');
  for (const { state, code, endedAtMs, askedAtMs } of disturbed)
    say(`a backup ended as ${state} (${code ?? 'without a code'}) after ${endedAtMs - askedAtMs} ms`);
  const all = [tls, signing, ca];
  const perUnit = (id: string, value: number, extra: Record<string, number> = {}): Sample => ({
    id,
    value,
    yardstick: 1,
    extra: { ...extra, agents },
  });
  return [
    {
      id: TIME.id,
      value: Math.max(tls.seconds, signing.seconds),
      yardstick: allowed,
      extra: { tlsSeconds: tls.seconds, signingSeconds: signing.seconds, agents },
    },
    perUnit(LOST.id, Math.max(...all.map(({ lost }) => lost))),
    perUnit(MISSED.id, Math.max(...all.map(({ missed }) => missed))),
    { id: CPU.id, value: tlsMs, yardstick: enrolCpuMs, cpuMsPerOp: tlsMs, extra: { agents, idleMs } },
    {
      id: REKEY.id,
      value: rekeyMs,
      yardstick: enrolCpuMs,
      cpuMsPerOp: rekeyMs,
      extra: {
        agents,
        seconds: ca.seconds,
        certificatesPerSecond: ca.perSecond,
        certificatesPerCpuSecond: 1_000 / rekeyMs,
      },
    },
    perUnit(STALL.id, stallMs, { busyMs }),
    perUnit(BACKUPS.id, disturbed.length, { backups: ended.length }),
  ];
}

interface Update {
  readonly seconds: number;
  readonly lost: number;
  readonly missed: number;
  /** For each agent. */
  readonly cpuMs: number;
  /** Certificates renewed, a second of the whole update. */
  readonly perSecond: number;
}

async function update(
  { fleet, server, call, agents }: SimulatedDomain,
  kind: RotationKind,
  heartbeatSeconds: number,
  say: (text: string) => void,
): Promise<Update> {
  await fleet.countMissed();
  const earlier = await fleet.state();
  const before = await server.cpuMs();
  const { view, seconds } = await carryOutRotation(call, kind, UPDATE_MS_MAX);
  if (view.phase !== 'done') throw new Error(`the update of ${kind} ended as ${view.phase}`);
  const cpuMs = ((await server.cpuMs()) - before) / agents;
  const generation = await newestGeneration(server.port);
  // who is lost never holds it: that is found below, and is no reason to end
  await fleet.untilAllHold('bundle', generation, HELD_MS_MAX).catch(() => undefined);
  await sleep(2 * heartbeatSeconds * 1_000);
  const state = await fleet.state();
  const lost = Math.max(state.lost, agents - (state.generations[generation] ?? 0));
  if (state.missedMax > 1)
    for (const [code, count] of Object.entries(state.failed)) {
      const times = count - (earlier.failed[code] ?? 0);
      if (times > 0) say(`${code} ${times} times, and one agent missed ${state.missedMax} heartbeats`);
    }
  const perSecond = (state.renewals - earlier.renewals) / seconds;
  return { seconds, lost, missed: state.missedMax, cpuMs, perSecond };
}

/** A real host that backs up without a pause, to a media server. */
async function startBackups(domain: SimulatedDomain, processes: SekishoProcess[]): Promise<RealBackups> {
  const { call, folder, caFingerprint, server } = domain;
  const { ports } = await choosePorts({ agent: 0, admin: 0, http: 0, media: 0 });
  const { media, hosts } = await makeRealHosts(
    {
      folder,
      caFingerprint,
      call,
      ports: { ...ports, agent: server.port },
      token: async (name, usesMax, isMedia = false) =>
        (await call(createToken, { body: { name, usesMax, media: isMedia } })).token,
    },
    1,
    {
      onRefused: () => undefined,
      onStarted: (agent) => {
        processes.push(agent);
      },
    },
  );
  const backups = new RealBackups(domain);
  await backups.prepare(hosts, media.hostId);
  backups.begin(1, GAP_MS);
  return backups;
}
