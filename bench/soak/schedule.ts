import { seededRandom } from '@sekisho/agent/simulate/seeded-random.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';

/** What a soak is asked for. */
export interface SoakWish {
  readonly seed: number;
  readonly minutes: number;
  /** Simulated hosts. */
  readonly agents: number;
  /** Real hosts with real backups; a media server comes on top. */
  readonly real: number;
  /** What is rotated in turn; nothing when empty. */
  readonly rotate: readonly RotationKind[];
}

/** Heartbeats that must not be answered, and are not: sent by a probe, each refused with exactly one code. */
export const PROBES = ['revoked', 'stranger', 'nameless', 'malformed'] as const;
export type Probe = (typeof PROBES)[number];

/** What happens at one moment of a round, counted in milliseconds from its begin. */
export type SoakEvent = { readonly atMs: number } & (
  | { readonly what: 'rotate'; readonly kind: RotationKind }
  | { readonly what: 'kill-server'; readonly downMs: number }
  | { readonly what: 'kill-real'; readonly real: number; readonly downMs: number }
  /** Simulated agents stop, and start again with what they held. */
  | { readonly what: 'rest'; readonly agents: readonly number[]; readonly forMs: number }
  /** These hosts are revoked; nobody starts them again. */
  | { readonly what: 'revoke'; readonly agents: readonly number[] }
  | { readonly what: 'probe'; readonly probe: Probe; readonly agent: number; readonly count: number }
);

/** One round: what happens in it, and who sleeps through all of it. */
export interface SoakRound {
  readonly lastsMs: number;
  readonly events: readonly SoakEvent[];
  /** Stopped before the round begins, started again when its rotation has ended: the late hosts (F-38). */
  readonly late: { readonly agents: readonly number[]; readonly real: readonly number[] };
}

export interface SoakSchedule {
  readonly wish: SoakWish;
  readonly rounds: readonly SoakRound[];
}

/** F-02: the period in a soak. The shortest that an administrator may set, so that an hour holds what takes a day in a fleet. */
export const HEARTBEAT_MS = 10 * SECOND_MS;
/** So long is a round of a long soak: there is time for a rotation, with its three heartbeats for whoever is silent. */
const ROUND_MS = 4 * MINUTE_MS;
const DOWN_MIN_MS = 2 * SECOND_MS;
const DOWN_MAX_MS = 14 * SECOND_MS;
const REST_MIN_MS = 8 * SECOND_MS;
const REST_MAX_MS = 40 * SECOND_MS;
const PROBES_EACH = 3;
/** Shares of a round: what breaks things happens between these two, probes after them, when nothing is down. */
const ROTATE_AT = 0.05;
const BREAK_FROM = 0.1;
const BREAK_UNTIL = 0.5;
const REVOKE_AT = 0.75;
const PROBE_AT = 0.85;
/** Shares of the fleet. */
const LATE_SHARE = 0.03;
const RESTING_SHARE = 0.05;
const REVOKED_SHARE = 0.001;
const KILLED_SHARE = 0.15;

/**
 * Everything that a soak will do, from its seed alone: the same seed gives the same schedule, on any machine. No host sleeps through
 * a round in which it is revoked; nothing breaks while the probes ask.
 */
export function makeSchedule(wish: SoakWish): SoakSchedule {
  const draw = drawing(wish.seed);
  const count = Math.max(1, Math.round((wish.minutes * MINUTE_MS) / ROUND_MS));
  const lastsMs = Math.round((wish.minutes * MINUTE_MS) / count);
  const alive = Array.from({ length: wish.agents }, (_, index) => index);
  const rounds: SoakRound[] = [];
  for (let n = 0; n < count; n += 1) rounds.push(makeRound(wish, { n, lastsMs, alive, draw }));
  return { wish, rounds };
}

function makeRound(
  wish: SoakWish,
  round: { n: number; lastsMs: number; alive: number[]; draw: Draw },
): SoakRound {
  const { n, lastsMs, alive, draw } = round;
  const at = (share: number): number => Math.round(lastsMs * share);
  const breaking = (): number => at(draw.between(BREAK_FROM, BREAK_UNTIL));
  const several = (share: number, of: number): number => (of === 0 ? 0 : Math.max(1, Math.round(of * share)));

  const deck = draw.shuffled(alive);
  const late = deck.splice(0, several(LATE_SHARE, deck.length)).sort(ascending);
  const resting = deck.splice(0, several(RESTING_SHARE, deck.length)).sort(ascending);
  const revoked = deck.splice(0, several(REVOKED_SHARE, deck.length)).sort(ascending);
  for (const index of revoked) alive.splice(alive.indexOf(index), 1);

  const realDeck = draw.shuffled(Array.from({ length: wish.real }, (_, index) => index));
  // with a single real host there is nobody who could be late and go on being killed
  const lateReal = wish.real > 1 ? realDeck.splice(0, 1) : [];
  const killed = realDeck.splice(0, several(KILLED_SHARE, realDeck.length));

  const kind = wish.rotate[n % Math.max(1, wish.rotate.length)];
  const events: SoakEvent[] = [
    ...(kind === undefined ? [] : [{ atMs: at(ROTATE_AT), what: 'rotate', kind } as const]),
    {
      atMs: breaking(),
      what: 'kill-server',
      downMs: Math.round(draw.between(DOWN_MIN_MS, DOWN_MAX_MS)),
    },
    ...killed.map(
      (real) =>
        ({
          atMs: breaking(),
          what: 'kill-real',
          real,
          downMs: Math.round(draw.between(DOWN_MIN_MS, DOWN_MAX_MS)),
        }) as const,
    ),
    {
      atMs: breaking(),
      what: 'rest',
      agents: resting,
      forMs: Math.round(draw.between(REST_MIN_MS, Math.min(REST_MAX_MS, at(0.2)))),
    },
    { atMs: at(REVOKE_AT), what: 'revoke', agents: revoked },
    ...revoked.map(
      (agent) =>
        ({ atMs: at(PROBE_AT), what: 'probe', probe: 'revoked', agent, count: PROBES_EACH }) as const,
    ),
    ...(['stranger', 'nameless', 'malformed'] as const).map(
      (probe) =>
        ({ atMs: at(PROBE_AT), what: 'probe', probe, agent: alive[0] ?? 0, count: PROBES_EACH }) as const,
    ),
  ];
  return {
    lastsMs,
    events: events.sort((a, b) => a.atMs - b.atMs),
    late: { agents: late, real: lateReal },
  };
}

const ascending = (a: number, b: number): number => a - b;

interface Draw {
  between(low: number, high: number): number;
  shuffled(items: readonly number[]): number[];
}

/** Numbers that a seed repeats. */
function drawing(seed: number): Draw {
  const { fraction } = seededRandom(seed, systemRandom);
  return {
    between: (low, high) => low + fraction() * (high - low),
    shuffled(items) {
      const left = [...items];
      const deck: number[] = [];
      while (left.length > 0) deck.push(...left.splice(Math.floor(fraction() * left.length), 1));
      return deck;
    },
  };
}
