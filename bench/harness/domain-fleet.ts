import { z } from 'zod';
import { startChild, type Child } from './child.ts';
import { fleetState, mergeStates, type FleetState, type FleetWish } from './simulated-fleet.ts';
import type { Probe } from '../soak/schedule.ts';

/** Certificates that are asked for in one call to the child. */
const ENROLLED_AT_ONCE = 500;
/** Of one process: with all ten thousand in one, its garbage collector held up all of them, and afterwards they came at once. */
const AGENTS_PER_PROCESS = 2_500;
/** So many agents have more than what is usual. */
const HEAP_MIB = 4_096;
const nothing = z.unknown();
const identity = z.object({ key: z.string(), cert: z.string(), hostId: z.string() });

/** Simulated agents in processes of their own. */
export interface DomainFleet {
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
  /** Ends all agents and their processes. */
  end(): Promise<void>;
}

/** Starts processes as they are needed; their agents are enrolled and started by calls. */
export function makeDomainFleet(wish: FleetWish): DomainFleet {
  const children: Child[] = [];
  const childOf = (agent: number): number => Math.floor(agent / AGENTS_PER_PROCESS);
  const of = (agent: number): Child => {
    const child = children[childOf(agent)];
    if (child === undefined) throw new Error(`no host has the number ${agent}`);
    return child;
  };
  const began = async (agent: number): Promise<Child> => {
    while (children.length <= childOf(agent)) {
      const child = startChild('simulated.ts', { nodeOptions: [`--max-old-space-size=${HEAP_MIB}`] });
      children.push(child);
      await child.call('make', wish, nothing);
    }
    return of(agent);
  };
  const each = <T>(call: (child: Child) => Promise<T>): Promise<T[]> => Promise.all(children.map(call));
  /** Calls each process with those of these agents that are its own. */
  const eachOf = async (
    agents: readonly number[],
    call: (child: Child, own: number[]) => Promise<unknown>,
  ): Promise<void> => {
    const own = Map.groupBy(agents, childOf);
    await Promise.all([...own.values()].map((some) => call(of(some[0] ?? 0), some)));
  };
  const latest = async (times: Promise<number[]>): Promise<number> => Math.max(...(await times));
  return {
    async enrol(token, count, say) {
      for (let from = 0; from < count; from += ENROLLED_AT_ONCE) {
        const child = await began(from);
        await child.call('enrol', { token, from, count: Math.min(ENROLLED_AT_ONCE, count - from) }, nothing);
        say(`${Math.min(count, from + ENROLLED_AT_ONCE)} of ${count} simulated hosts are enrolled`);
      }
    },
    start: (agents, spreadMs) =>
      eachOf(agents, (child, own) => child.call('start', { agents: own, spreadMs }, nothing)),
    stop: (agents) => eachOf(agents, (child, own) => child.call('stop', own, nothing)),
    countMissed: async () => {
      await each((child) => child.call('countMissed', undefined, nothing));
    },
    state: async () => mergeStates(await each((child) => child.call('state', undefined, fleetState))),
    identityOf: (agent) => of(agent).call('identityOf', agent, identity),
    probe: (probe, agent) => of(agent).call('probe', { probe, agent }, z.string()),
    untilAllHold: (type, serial, withinMs) =>
      latest(each((child) => child.call('untilAllHold', { type, serial, withinMs }, z.number()))),
    untilAllConnected: (withinMs) =>
      latest(each((child) => child.call('untilAllConnected', withinMs, z.number()))),
    async end() {
      await each((child) => child.call('stopAll', undefined, nothing)).catch(() => undefined);
      await each((child) => child.stop());
    },
  };
}
