import { createToken, getDomain } from '@sekisho/core/wire/trust.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { callerOf } from '@sekisho/testkit/trust-server.ts';
import { join } from 'node:path';
import { z } from 'zod';
import { measuredOptions, type ServerChild } from './agent-domain.ts';
import { startChild } from './child.ts';
import { makeDomainFleet, type DomainFleet } from './domain-fleet.ts';

const HOST_SEED = 1;
const CONNECT_MS_MAX = 200_000;
/** Agents that begin in a second. */
const BEGIN_PER_SECOND = 100;
const BEGIN_AT_ONCE = 500;
const MS = 1_000;
const started = z.object({ port: z.int(), httpPort: z.int() });

/** A real server in a process of its own, and a fleet of simulated agents in another, all of them connected. */
export interface SimulatedDomain {
  readonly fleet: DomainFleet;
  readonly agents: number;
  /** Of everything that belongs to the domain; removed with it. */
  readonly folder: string;
  readonly caFingerprint: Sha256Hex;
  /** CPU milliseconds of the server for each host that it enrolled. */
  readonly enrolCpuMs: number;
  readonly call: Caller;
  /** The server's process now. */
  readonly server: ServerChild;
  /** Kills the server and starts it again on the same ports; when it served (epoch milliseconds). */
  restart(): Promise<number>;
  remove(): Promise<void>;
}

/** Makes a domain, enrols so many hosts, and waits until all of them are connected. */
export async function makeSimulatedDomain(wish: {
  agents: number;
  heartbeatSeconds: number;
  say: (text: string) => void;
}): Promise<SimulatedDomain> {
  const { path, remove } = await makeTempFolder();
  const dataFolder = join(path, 'server');
  const { agents, heartbeatSeconds, say } = wish;
  let ports = { agentPort: 0, httpPort: 0 };
  const start = async (): Promise<ServerChild> => {
    const child = startChild('server.ts', measuredOptions('fleet'));
    try {
      const { port, httpPort } = await child.call(
        'start',
        { dataFolder, heartbeatSeconds, ...ports },
        started,
      );
      ports = { agentPort: port, httpPort };
      return {
        ...child,
        port,
        cpuMs: () => child.call('cpuMs', undefined, z.number()),
        residentBytes: () => child.call('residentBytes', undefined, z.number()),
      };
    } catch (error) {
      await child.stop();
      throw error;
    }
  };
  let server = await start();
  let fleet: DomainFleet | undefined;
  const end = async (): Promise<void> => {
    await fleet?.end();
    await server.stop();
    await remove();
  };
  try {
    const socketPath = await server.call('socketPath', undefined, z.string());
    const call = callerOf(() => socketPath);
    const { caFingerprint } = await call(getDomain);
    fleet = makeDomainFleet({
      port: server.port,
      caFingerprint,
      heartbeatMs: heartbeatSeconds * MS,
      seed: HOST_SEED,
    });
    const { token } = await call(createToken, { body: { name: 'bench', usesMax: agents } });
    const before = await server.call('cpuMs', undefined, z.number());
    await fleet.enrol(token, agents, say);
    const enrolCpuMs = ((await server.call('cpuMs', undefined, z.number())) - before) / agents;
    // one group after the other: on a slow machine they would only take the processor from each other
    for (let from = 0; from < agents; from += BEGIN_AT_ONCE) {
      const group = Array.from({ length: Math.min(BEGIN_AT_ONCE, agents - from) }, (_, n) => from + n);
      await fleet.start(group, Math.round((group.length * MS) / BEGIN_PER_SECOND));
      await fleet.untilAllConnected(CONNECT_MS_MAX);
    }
    say(`${agents} agents are connected`);
    return {
      fleet,
      agents,
      folder: path,
      caFingerprint,
      enrolCpuMs,
      call,
      get server() {
        return server;
      },
      restart: async () => {
        process.kill(server.pid, 'SIGKILL');
        await server.stop();
        server = await start();
        return Date.now();
      },
      remove: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
