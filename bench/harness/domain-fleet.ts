import { z } from 'zod';
import { startChild } from './child.ts';
import { fleetState, type FleetState, type FleetWish } from './simulated-fleet.ts';
import type { Probe } from '../soak/schedule.ts';

/** Certificates that are asked for in one call to the child. */
const ENROLLED_AT_ONCE = 500;
/** Ten thousand agents in one process have more than what is usual. */
const HEAP_MIB = 8_192;
const nothing = z.unknown();
const identity = z.object({ key: z.string(), cert: z.string(), hostId: z.string() });

/** Simulated agents in a process of their own. */
export interface DomainFleet {
  readonly pid: number;
  enrol(token: string, count: number, say: (text: string) => void): Promise<void>;
  start(agents: readonly number[], spreadMs: number): Promise<void>;
  stop(agents: readonly number[]): Promise<void>;
  /** Heartbeats that are missed count from here on. */
  countMissed(): Promise<void>;
  state(): Promise<FleetState>;
  identityOf(agent: number): Promise<z.infer<typeof identity>>;
  /** Sends a heartbeat that must be refused; gives the code. */
  probe(probe: Probe, agent: number): Promise<string>;
  /** When the last running agent held a document no older than this (epoch milliseconds). */
  untilAllHold(type: 'bundle' | 'list' | 'policy', serial: number, withinMs: number): Promise<number>;
  /** When the last running agent had an open channel (epoch milliseconds). */
  untilAllConnected(withinMs: number): Promise<number>;
  /** Ends all agents and their process. */
  end(): Promise<void>;
}

/** Starts the process; its agents are enrolled and started by calls. */
export async function makeDomainFleet(wish: FleetWish): Promise<DomainFleet> {
  const child = startChild('simulated.ts', { nodeOptions: [`--max-old-space-size=${HEAP_MIB}`] });
  await child.call('make', wish, nothing);
  return {
    pid: child.pid,
    async enrol(token, count, say) {
      for (let from = 0; from < count; from += ENROLLED_AT_ONCE) {
        await child.call('enrol', { token, from, count: Math.min(ENROLLED_AT_ONCE, count - from) }, nothing);
        say(`${Math.min(count, from + ENROLLED_AT_ONCE)} of ${count} simulated hosts are enrolled`);
      }
    },
    start: async (agents, spreadMs) => {
      await child.call('start', { agents, spreadMs }, nothing);
    },
    stop: async (agents) => {
      await child.call('stop', agents, nothing);
    },
    countMissed: async () => {
      await child.call('countMissed', undefined, nothing);
    },
    state: () => child.call('state', undefined, fleetState),
    identityOf: (agent) => child.call('identityOf', agent, identity),
    probe: (probe, agent) => child.call('probe', { probe, agent }, z.string()),
    untilAllHold: (type, serial, withinMs) =>
      child.call('untilAllHold', { type, serial, withinMs }, z.number()),
    untilAllConnected: (withinMs) => child.call('untilAllConnected', withinMs, z.number()),
    async end() {
      await child.call('stopAll', undefined, nothing).catch(() => undefined);
      await child.stop();
    },
  };
}
