/** Simulated agents, in a process of their own: they share nothing with whoever measures the server. */
import { systemClock } from '@sekisho/platform/clock.ts';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { sendProbe } from '../harness/send-probe.ts';
import { fleetWish, SimulatedFleet } from '../harness/simulated-fleet.ts';

let fleet: SimulatedFleet | undefined;
let port = 0;
const made = (): SimulatedFleet => {
  if (fleet === undefined) throw new Error('no fleet was made');
  return fleet;
};
const numbers = z.array(z.int());
const held = z.object({
  type: z.enum(['bundle', 'list', 'assignment', 'policy']),
  serial: z.int(),
  withinMs: z.int(),
});

serve({
  make: (input) => {
    const wish = fleetWish.parse(input);
    ({ port } = wish);
    fleet = new SimulatedFleet(wish);
  },
  enrol: (input) => {
    const { token, from, count } = z
      .object({ token: z.string(), from: z.int(), count: z.int() })
      .parse(input);
    return made().enrol(token, from, count);
  },
  start: (input) => {
    const { agents, spreadMs } = z.object({ agents: numbers, spreadMs: z.int() }).parse(input);
    return made().start(agents, spreadMs);
  },
  stop: (input) => made().stop(numbers.parse(input)),
  stopAll: () => made().stopAll(),
  countMissed: () => {
    made().countMissed();
  },
  state: () => made().state(),
  identityOf: (input) => made().identityOf(z.int().parse(input)),
  untilAllHold: (input) => {
    const { type, serial, withinMs } = held.parse(input);
    return made().untilAllHold(type, serial, withinMs);
  },
  untilAllConnected: (input) => made().untilAllConnected(z.int().parse(input)),
  /** A heartbeat that must be refused: with which code it was. */
  probe: (input) => {
    const { probe, agent } = z
      .object({ probe: z.enum(['revoked', 'stranger', 'nameless', 'malformed']), agent: z.int() })
      .parse(input);
    return sendProbe(probe, { port, identity: made().identityOf(agent), nowMs: systemClock.nowMs() });
  },
});
