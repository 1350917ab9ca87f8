import type { ErrorCode } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { HEARTBEAT_MS, type Probe, type SoakEvent, type SoakRound, type SoakSchedule } from './schedule.ts';

/**
 * The closed list: every code with which a heartbeat may be refused in a soak, and why that happens. Any other code, and any of these
 * more or less often than the schedule says, fails the soak.
 */
export const REFUSALS = {
  SERVER_UNREACHABLE:
    'The server was killed: between its end and its next start nobody listens, and each heartbeat of that time is lost. How many an agent sends meanwhile depends on where in its period it is, and on how long the start takes: bounds.',
  SERVER_STOPPING:
    'The ports of a starting server are open before it may answer, as nobody is let in before it has read what was revoked: bounds, from none.',
  PEER_NAME_UNANSWERED:
    'While the server is away, a real agent also tries the way through a media server (T-60), and nobody answers whether that goes by its name (T-31). Simulated agents try no such way: bounds for the real ones, from none.',
  CERTIFICATE_REVOKED:
    'The host was revoked. Each probe with its certificate is refused: exact. Its own agent is cut off, and may ask again until it is stopped: bounds, from none.',
  PEER_CHAIN_UNTRUSTED:
    'Probes with a certificate of another domain: exact. An agent that slept through a change of the CA finds a server whose CA it does not know yet, until it has walked the links (F-38): bounds, from none.',
  CERTIFICATE_CA_RETIRED:
    'An agent that slept through a change of the CA holds a certificate of the CA that was withdrawn: it is only heard when it asks for another one (F-38). Bounds: at least once in its first contact, as heartbeat or channel, so from none.',
  PEER_CERTIFICATE_REQUIRED: 'Probes without a certificate: exact.',
  BODY_INVALID: 'Probes whose heartbeat lacks its serials: exact.',
} as const satisfies Partial<Record<ErrorCode, string>>;
export type Refusal = keyof typeof REFUSALS;

/** What each probe is refused with. */
export const PROBE_REFUSALS: Readonly<Record<Probe, Refusal>> = {
  revoked: 'CERTIFICATE_REVOKED',
  stranger: 'PEER_CHAIN_UNTRUSTED',
  nameless: 'PEER_CERTIFICATE_REQUIRED',
  malformed: 'BODY_INVALID',
};

/** How often a code comes: between these two, both included. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** What a schedule lets expect, before anything has run. */
export interface Expectation {
  /** Refused heartbeats of probes, by code: exactly so many. */
  readonly probes: Readonly<Partial<Record<Refusal, number>>>;
  /** Refused heartbeats of agents, by code; a code that is not named never comes. */
  readonly agents: Readonly<Partial<Record<Refusal, Bounds>>>;
}

/** A heartbeat's jitter (F-02), and what a busy machine may add to a timer. */
const JITTER_SHARE = 0.1;
const LATE_TIMER_MS = SECOND_MS;
/** From the start of the server's process until its last agent has been answered again. */
const START_MAX_MS = 45 * SECOND_MS;
/** An agent asks again so often before it is cut off and stopped, or has found its way. */
const ASKED_AGAIN_MAX = 12;

/** What the schedule lets expect. */
export function expectRefusals({ wish, rounds }: SoakSchedule): Expectation {
  const probes: Partial<Record<Refusal, number>> = {};
  const unreachable = { least: 0, most: 0 };
  const stopping = { least: 0, most: 0 };
  const unanswered = { least: 0, most: 0 };
  const revoked = { least: 0, most: 0 };
  /** By agents that come back after a change of the CA. */
  const late = { least: 0, most: 0 };
  let alive = wish.agents;
  for (const round of rounds) {
    for (const event of round.events) {
      if (event.what === 'probe') {
        const code = PROBE_REFUSALS[event.probe];
        probes[code] = (probes[code] ?? 0) + event.count;
      }
      if (event.what === 'revoke') revoked.most += event.agents.length * ASKED_AGAIN_MAX;
      if (event.what !== 'kill-server') continue;
      const known = surelyOnline(round, alive);
      unreachable.least += known * leastWithin(event.downMs);
      unreachable.most += (alive + wish.real + 1) * mostWithin(event.downMs + START_MAX_MS);
      unanswered.most += wish.real * mostWithin(event.downMs + START_MAX_MS);
      stopping.most += (alive + wish.real + 1) * mostWithin(START_MAX_MS);
    }
    if (round.events.some((event) => event.what === 'rotate' && event.kind === 'ca'))
      late.most += awayIn(round) * ASKED_AGAIN_MAX;
    alive -= round.events.reduce(
      (sum, event) => sum + (event.what === 'revoke' ? event.agents.length : 0),
      0,
    );
  }
  return {
    probes,
    agents: {
      SERVER_UNREACHABLE: unreachable,
      SERVER_STOPPING: stopping,
      PEER_NAME_UNANSWERED: unanswered,
      CERTIFICATE_REVOKED: revoked,
      PEER_CHAIN_UNTRUSTED: late,
      CERTIFICATE_CA_RETIRED: late,
    },
  };
}

/** Hosts that may be away just when certificates of the new CA are given out. */
const awayIn = ({ events, late }: SoakRound): number =>
  late.agents.length +
  late.real.length +
  events.reduce(
    (sum, event) => sum + (event.what === 'rest' ? event.agents.length : event.what === 'kill-real' ? 1 : 0),
    0,
  );

/** Agents that neither sleep nor rest in this round, nor are on their way back. */
function surelyOnline({ events, late }: SoakRound, alive: number): number {
  const resting = (event: SoakEvent): number => (event.what === 'rest' ? event.agents.length : 0);
  return alive - late.agents.length - events.reduce((sum, event) => sum + resting(event), 0);
}

/** Heartbeats that an agent sends at least, and at most, while nobody answers for so long. */
const leastWithin = (durationMs: number): number =>
  Math.floor(durationMs / (HEARTBEAT_MS * (1 + JITTER_SHARE) + LATE_TIMER_MS));
const mostWithin = (durationMs: number): number =>
  Math.ceil(durationMs / (HEARTBEAT_MS * (1 - JITTER_SHARE))) + 1;

/** What was counted in a soak. */
export interface CountedRefusals {
  readonly probes: Readonly<Record<string, number>>;
  readonly agents: Readonly<Record<string, number>>;
}

/** What was counted otherwise than expected, a sentence each; nothing when all is as it must be. */
export function judgeRefusals(expected: Expectation, counted: CountedRefusals): string[] {
  const faults: string[] = [];
  for (const code of namesOf(expected.probes, counted.probes)) {
    const [wanted, found] = [expected.probes[code as Refusal] ?? 0, counted.probes[code] ?? 0];
    if (wanted !== found) faults.push(`probes were refused with ${code} ${found} times instead of ${wanted}`);
  }
  for (const code of namesOf(expected.agents, counted.agents)) {
    const { least, most } = expected.agents[code as Refusal] ?? { least: 0, most: 0 };
    const found = counted.agents[code] ?? 0;
    if (found < least || found > most)
      faults.push(
        `heartbeats of agents were refused with ${code} ${found} times, outside of ${least} … ${most}`,
      );
  }
  return faults;
}

const namesOf = (...tables: readonly object[]): string[] =>
  [...new Set(tables.flatMap((table) => Object.keys(table)))].sort();
