import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, HowToMeasure, Sample } from '../figure.ts';
import { makeAgentDomain, type AgentDomain, type ServerChild } from '../harness/agent-domain.ts';
import type { Kind } from '../harness/lean-agent.ts';
import { inTurn } from '../harness/statistics.ts';

const MEMORY_AGENTS = 1_000;
const MEMORY_AGENTS_QUICK = 350;
/** They are connected before memory is looked at for the first time. */
const WARM_UP_AGENTS = 150;
const HANDSHAKE_AGENTS = 300;
const HANDSHAKE_AGENTS_QUICK = 150;
const HANDSHAKE_ROUNDS = 9;
/** Handshakes at a time: more than one, so that the server is never idle; few, so that it is no storm. */
const HANDSHAKES_AT_ONCE = 8;

/** A process is quiet when it used less CPU than this while it was looked at. */
const QUIET_CPU_MS = 6;
const QUIET_LOOK_MS = 100;
const QUIET_LOOKS_MAX = 50;

const MEMORY = {
  id: 'idle-memory',
  title: 'memory of one connected idle agent: channel open, one heartbeat answered',
  unit: 'bytes',
  yardstick: 'bare node:https with mutual TLS, two requests answered, kept alive',
  aim: 1.2,
  better: 'lower',
} as const;
const FULL = {
  id: 'handshake-full',
  title: 'an agent connects: full TLS handshake, channel, first heartbeat',
  unit: 'CPU-ms',
  yardstick: 'bare node:https: full mutual handshake, two requests',
  aim: 1.2,
  better: 'lower',
} as const;
const RESUMED = {
  id: 'handshake-resumed',
  title: 'an agent comes back: resumed TLS session, channel, first heartbeat',
  unit: 'CPU-ms',
  yardstick: 'bare node:https: resumed mutual session, two requests',
  aim: 1.2,
  better: 'lower',
} as const;
const RESUMED_OF_FULL = {
  id: 'handshake-resumed-of-full',
  title: 'an agent comes back, with a resumed session',
  unit: 'CPU-ms',
  yardstick: 'the same with a full handshake',
  aim: 0.6,
  better: 'lower',
} as const;

/** Memory of an idle agent: each run in processes that are new. */
export const idleMemory: Bench = { name: 'idle-memory', figures: [MEMORY], measure: measureMemory };

/** What it costs the server when an agent connects. */
export const handshake: Bench = {
  name: 'handshake',
  figures: [FULL, RESUMED, RESUMED_OF_FULL],
  measure: measureHandshakes,
};

async function measureMemory({ quick, runs, say }: HowToMeasure): Promise<Sample[]> {
  const count = quick ? MEMORY_AGENTS_QUICK : MEMORY_AGENTS;
  say(`enrols ${count} hosts`);
  const domain = await makeAgentDomain(count);
  try {
    say('measures');
    const pairs = await inTurn(
      runs,
      () => growth(domain, 'channel', () => domain.startServer()),
      () => growth(domain, 'https', () => domain.startBare()),
    );
    return pairs.map(([value, yardstick]) => ({
      id: MEMORY.id,
      value: value / (count - WARM_UP_AGENTS),
      yardstick: yardstick / (count - WARM_UP_AGENTS),
    }));
  } finally {
    await domain.remove();
  }
}

/** What the ends of connections cost must not be taken for what the next beginnings do. */
async function untilQuiet(side: ServerChild): Promise<void> {
  for (let look = 0; look < QUIET_LOOKS_MAX; look += 1) {
    const before = await side.cpuMs();
    await sleep(QUIET_LOOK_MS);
    if ((await side.cpuMs()) - before < QUIET_CPU_MS) return;
  }
}

/** How much a fresh process grows by the connections of all hosts. */
async function growth(domain: AgentDomain, kind: Kind, start: () => Promise<ServerChild>): Promise<number> {
  const server = await start();
  try {
    // what the first connections make it load and compile is no connection's own
    await domain.connect(kind, server.port, { last: WARM_UP_AGENTS });
    const before = await server.residentBytes();
    await domain.connect(kind, server.port, { first: WARM_UP_AGENTS });
    const grown = (await server.residentBytes()) - before;
    await domain.close(kind);
    return grown;
  } finally {
    await server.stop();
  }
}

async function measureHandshakes({ quick, runs, say }: HowToMeasure): Promise<Sample[]> {
  const count = quick ? HANDSHAKE_AGENTS_QUICK : HANDSHAKE_AGENTS;
  say(`enrols ${count} hosts`);
  const domain = await makeAgentDomain(count);
  const servers: ServerChild[] = [];
  try {
    const server = await domain.startServer();
    servers.push(server);
    const bare = await domain.startBare();
    servers.push(bare);
    const cost = async (kind: Kind, side: ServerChild, resume: boolean): Promise<number> => {
      const before = await side.cpuMs();
      const resumed = await domain.connect(kind, side.port, { resume, atOnce: HANDSHAKES_AT_ONCE });
      const spentMs = (await side.cpuMs()) - before;
      await domain.close(kind);
      await untilQuiet(side);
      if (resumed !== (resume ? count : 0)) throw new Error(`${resumed} of ${count} sessions were resumed`);
      return spentMs / count;
    };
    const round = async (kind: Kind, side: ServerChild) => {
      const full = await cost(kind, side, false);
      return { full, resumed: await cost(kind, side, true) };
    };
    say('measures');
    await round('channel', server);
    await round('https', bare);
    const pairs = await inTurn(
      quick ? runs : HANDSHAKE_ROUNDS,
      () => round('channel', server),
      () => round('https', bare),
    );
    return pairs.flatMap(([own, plain]) => [
      { id: FULL.id, value: own.full, yardstick: plain.full, cpuMsPerOp: own.full },
      { id: RESUMED.id, value: own.resumed, yardstick: plain.resumed, cpuMsPerOp: own.resumed },
      { id: RESUMED_OF_FULL.id, value: own.resumed, yardstick: own.full, cpuMsPerOp: own.resumed },
    ]);
  } finally {
    for (const side of servers) await side.stop();
    await domain.remove();
  }
}
