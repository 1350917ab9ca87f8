import { hostId } from '@sekisho/core/wire/scalars.ts';
import { createPlan, replacePlan, type PlanView } from '@sekisho/core/wire/plans.ts';
import { getHost, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { startOpensslServer } from '../harness/openssl-handshakes.ts';
import { makeSimulatedDomain, type SimulatedDomain } from '../harness/simulated-domain.ts';

const AGENTS = 10_000;
const AGENTS_QUICK = 150;
const HEARTBEAT_SECONDS = 10;
/** Of 10,000 agents: each of these takes a minute. */
const STORMS = 3;
/** So long `openssl s_time` runs beside each storm. */
const YARDSTICK_SECONDS = 3;
const BACK_MS_MAX = 220_000;
const POLICY_MS_MAX = 60_000;

const POLICY = {
  id: 'policy-change',
  title: 'from the change of a plan to the last connected agent that holds the new policy',
  unit: 's',
  yardstick: UNIT_YARDSTICK,
  aim: 5,
  better: 'lower',
} as const;
const STORM = {
  id: 'storm-handshakes',
  title: 'the server was killed and serves again: agents that are back for each second of its CPU',
  unit: 'agents/CPU-s',
  yardstick: 'full mutual handshakes of openssl s_time, for each CPU-second of openssl s_server',
  aim: 0.2,
  better: 'higher',
  runsMin: STORMS,
} as const;
const BACK = {
  id: 'storm-online',
  title: 'from the moment at which the restarted server serves until the last agent is connected',
  unit: 's',
  yardstick: UNIT_YARDSTICK,
  aim: 60,
  better: 'lower',
  runsMin: STORMS,
} as const;

/** F-03 What a change costs that concerns the whole fleet: a policy, and a server that was away. */
export const fleetChanges: Bench = { name: 'fleet-changes', figures: [POLICY, STORM, BACK], measure };

const tls = z.object({ key: z.string(), cert: z.string(), ca: z.string() });

async function measure({ quick, agents, runs, say }: HowToMeasure): Promise<Sample[]> {
  const domain = await makeSimulatedDomain({
    agents: agents ?? (quick ? AGENTS_QUICK : AGENTS),
    heartbeatSeconds: HEARTBEAT_SECONDS,
    say,
  });
  try {
    say('changes the policy');
    const policies = await measurePolicies(domain, runs);
    say('kills the server');
    return [...policies, ...(await measureStorms(domain, quick ? runs : STORMS))];
  } finally {
    await domain.remove();
  }
}

async function measurePolicies(
  { fleet, call, server, agents }: SimulatedDomain,
  runs: number,
): Promise<Sample[]> {
  const { hostId: id } = await fleet.identityOf(0);
  const media = hostId.parse(id);
  const { group } = await call(getHost, { params: { id: media } });
  await call(setHostMedia, {
    params: { id: media },
    body: { media: true, endpoints: [{ address: '127.0.0.1', port: 13_002 }] },
  });
  let plan: PlanView = await call(createPlan, {
    body: {
      name: 'bench',
      targets: { hosts: [media], groups: [group] },
      paths: ['/srv'],
      mediaServers: [media],
    },
  });
  const samples: Sample[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const { newest } = await fleet.state();
    const before = await server.cpuMs();
    const startedMs = Date.now();
    const held = fleet.untilAllHold('policy', newest.policy + 1, POLICY_MS_MAX);
    const { name, targets, mediaServers } = plan;
    const body = { name, targets, mediaServers, paths: [`/srv/${run}`] };
    plan = await call(replacePlan, { params: { id: plan.id }, body: { ...body, revision: plan.revision } });
    const answeredMs = Date.now();
    const lastMs = await held;
    const cpuMsPerOp = ((await server.cpuMs()) - before) / agents;
    // the first change is carried out by code that was never run
    if (run === 0) continue;
    samples.push({
      id: POLICY.id,
      value: (lastMs - startedMs) / 1_000,
      yardstick: 1,
      cpuMsPerOp,
      extra: { agents, answeredSeconds: (answeredMs - startedMs) / 1_000 },
    });
  }
  return samples;
}

async function measureStorms(domain: SimulatedDomain, runs: number): Promise<Sample[]> {
  const { path, remove } = await makeTempFolder();
  const { fleet, agents } = domain;
  try {
    const openssl = await startOpensslServer(path, {
      server: await domain.server.call('tls', undefined, tls),
      host: await fleet.identityOf(0),
    });
    try {
      const samples: Sample[] = [];
      for (let run = 0; run < runs; run += 1) {
        const handshakes = await openssl.handshakesPerCpuSecond(YARDSTICK_SECONDS);
        const servesMs = await domain.restart();
        const before = await domain.server.cpuMs();
        const lastMs = await fleet.untilAllConnected(BACK_MS_MAX);
        const spentMs = (await domain.server.cpuMs()) - before;
        const { missedMax } = await fleet.state();
        samples.push(
          {
            id: STORM.id,
            value: (agents * 1_000) / spentMs,
            yardstick: handshakes,
            cpuMsPerOp: spentMs / agents,
            extra: { agents },
          },
          {
            id: BACK.id,
            value: Math.max((lastMs - servesMs) / 1_000, 0.001),
            yardstick: 1,
            extra: { agents, missedMax },
          },
        );
      }
      return samples;
    } finally {
      await openssl.stop();
    }
  } finally {
    await remove();
  }
}
