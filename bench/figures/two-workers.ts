import { KEK_FILE } from '@sekisho/server/features/keys/kek.ts';
import { startPostgres } from '@sekisho/testkit/postgres.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { join } from 'node:path';
import { z } from 'zod';
import type { Bench, HowToMeasure, Sample } from '../figure.ts';
import { measuredOptions } from '../harness/agent-domain.ts';
import { startChild, type Child } from '../harness/child.ts';
import { hostIdentity } from '../harness/host-identity.ts';
import { inTurn } from '../harness/statistics.ts';

const AGENTS = 600;
const AGENTS_QUICK = 120;
const SLICE_MS = 3_000;
const SLICE_MS_QUICK = 500;
/** Under way at once, for each of the two processes that make the load. */
const HANDSHAKES_AT_ONCE = 8;
const BEATS_AT_ONCE = 50;
const ROUNDS = 9;
const CORES_FOR_THROUGHPUT = 4;

const HEARTBEAT = {
  id: 'two-workers-heartbeat',
  title: 'CPU of the servers for a heartbeat, the agents on two server processes of one PostgreSQL',
  unit: 'CPU-ms',
  yardstick: 'the same agents on one of them',
  aim: 1.15,
  better: 'lower',
} as const;
const HANDSHAKE = {
  id: 'two-workers-handshake',
  title: 'CPU of the servers when an agent connects, the agents on two server processes of one PostgreSQL',
  unit: 'CPU-ms',
  yardstick: 'the same agents on one of them',
  aim: 1.15,
  better: 'lower',
} as const;
const THROUGHPUT = {
  id: 'two-workers-throughput',
  title: 'heartbeats a second of two server processes on one PostgreSQL',
  unit: 'frames/s',
  yardstick: 'one of them',
  aim: 1.7,
  better: 'higher',
  coresMin: CORES_FOR_THROUGHPUT,
} as const;

/** S-07 Server processes side by side. */
export const twoWorkers: Bench = {
  name: 'two-workers',
  figures: [HEARTBEAT, HANDSHAKE, THROUGHPUT],
  measure,
};

const started = z.object({ port: z.int() });

async function measure({ quick, runs, say }: HowToMeasure): Promise<Sample[]> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const postgres = await startPostgres();
    ends.push(() => postgres.stop());
    const { path, remove } = await makeTempFolder();
    ends.push(remove);
    const start = async (name: string, kekFile?: string): Promise<Worker> => {
      const child = startChild('server.ts', measuredOptions(name));
      ends.push(async () => {
        await child.call('stop', undefined, z.unknown()).catch(() => undefined);
        await child.stop();
      });
      const wish = { dataFolder: join(path, name), database: postgres.url, kekFile };
      const { port } = await child.call('start', wish, started);
      return { port, cpuMs: () => child.call('cpuMs', undefined, z.number()), child };
    };
    const first = await start('first');
    const second = await start('second', join(path, 'first', KEK_FILE));
    const agents = quick ? AGENTS_QUICK : AGENTS;
    say(`enrols ${agents} hosts`);
    const loads = await makeLoads(first, agents, ends);
    say('measures');
    const sliceMs = quick ? SLICE_MS_QUICK : SLICE_MS;
    // on each of them in turn: whoever has done more of this does it for less
    const one = (round: number): Promise<Slice> => {
      const alone = Math.floor(round / 2) % 2 === 0 ? first : second;
      return slice(loads, [alone, alone], sliceMs, agents);
    };
    const two = (): Promise<Slice> => slice(loads, [first, second], sliceMs, agents);
    for (const worker of [first, second, second, first])
      await slice(loads, [worker, worker], sliceMs, agents);
    await two();
    const pairs = await inTurn(quick ? runs : ROUNDS, two, one);
    return pairs.flatMap(([both, alone]) => [
      {
        id: HEARTBEAT.id,
        value: both.beatCpuMs,
        yardstick: alone.beatCpuMs,
        cpuMsPerOp: both.beatCpuMs,
      },
      {
        id: HANDSHAKE.id,
        value: both.connectCpuMs,
        yardstick: alone.connectCpuMs,
        cpuMsPerOp: both.connectCpuMs,
      },
      { id: THROUGHPUT.id, value: both.framesPerSecond, yardstick: alone.framesPerSecond },
    ]);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

interface Worker {
  readonly port: number;
  readonly child: Child;
  cpuMs(): Promise<number>;
}

interface Slice {
  readonly connectCpuMs: number;
  readonly beatCpuMs: number;
  readonly framesPerSecond: number;
}

/** Two processes that make the load, each with half of the hosts. */
async function makeLoads(worker: Worker, agents: number, ends: (() => Promise<unknown>)[]): Promise<Child[]> {
  const loads = [startChild('agents.ts'), startChild('agents.ts')];
  for (const load of loads) ends.push(() => load.stop());
  const token = await worker.child.call('token', { usesMax: agents }, z.string());
  const wish = { port: worker.port, token, count: agents };
  const all = (await loads[0]?.call('enrol', wish, z.array(hostIdentity))) ?? [];
  const half = Math.ceil(agents / 2);
  for (const [n, load] of loads.entries())
    await load.call('give', all.slice(n * half, (n + 1) * half), z.unknown());
  return loads;
}

/** Connects each load to its server, lets all agents beat for a while, and closes the connections. */
async function slice(
  loads: readonly Child[],
  workers: readonly [Worker, Worker],
  durationMs: number,
  agents: number,
): Promise<Slice> {
  const spent = async (): Promise<number> => {
    let sum = 0;
    for (const worker of new Set(workers)) sum += await worker.cpuMs();
    return sum;
  };
  const each = <T>(work: (load: Child, worker: Worker) => Promise<T>): Promise<T[]> =>
    Promise.all(workers.flatMap((worker, n) => (loads[n] === undefined ? [] : work(loads[n], worker))));
  const beforeConnect = await spent();
  await each((load, { port }) => {
    const wish = { kind: 'channel', port, resume: false, atOnce: HANDSHAKES_AT_ONCE, first: 0 };
    return load.call('connect', wish, z.int());
  });
  const beforeBeat = await spent();
  const beat = { kind: 'channel', durationMs, atOnce: BEATS_AT_ONCE };
  const counts = await each((load) => load.call('beat', beat, z.int()));
  const frames = counts.reduce((sum, count) => sum + count, 0);
  const afterBeat = await spent();
  await each((load) => load.call('close', 'channel', z.unknown()));
  return {
    connectCpuMs: (beforeBeat - beforeConnect) / agents,
    beatCpuMs: (afterBeat - beforeBeat) / frames,
    framesPerSecond: (frames * 1_000) / durationMs,
  };
}
