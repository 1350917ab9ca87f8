import { SILENT_CYCLES, type Emergency, type RotationKind, type RotationPath } from './rotation.ts';

export interface DurationFacts {
  readonly kind: RotationKind;
  readonly path: RotationPath;
  readonly emergency: Emergency | null;
  readonly longestHeartbeatSeconds: number;
  /** Hosts that are not there. */
  readonly silent: number;
  /** Hosts that are there and hear of a step with their next heartbeat; the others are told at once. */
  readonly heartbeatsOnly: number;
  /** Server processes that switch. */
  readonly servers: number;
  /** Asking all hosts for new certificates takes so long. */
  readonly rekeySeconds: number;
  /** Asking all hosts for a connection that shows a new TLS certificate takes so long. */
  readonly reconnectSeconds: number;
}

/** A heartbeat comes so much later than its period at most (F-02). */
const JITTER = 1.1;
/** What each phase takes by itself: documents are made, servers and hosts are told. */
const PHASE_SECONDS = 2;

/**
 * F-32 How long an update takes, in seconds, if those who are there stay so and those who are not keep silent: the sum of what the gates of its
 * phases wait for (`gateOf`, `nextStep`), without an overlap that is wanted beyond them.
 */
export function expectedSeconds(facts: DurationFacts): number {
  const { kind, path, emergency } = facts;
  const cycles = SILENT_CYCLES * facts.longestHeartbeatSeconds;
  const gate = gateSeconds(facts, cycles);
  // on paths 2 and 3 no acknowledgement opens the first and the third gate sooner
  const counting = path === 'announced' ? gate : Math.max(gate, cycles);
  // those that are there follow while the others' cycles pass, which begin when all were asked
  const shown = kind === 'signing' || !isWaited(facts) ? 0 : facts.reconnectSeconds;
  const switching = path === 'failover' && emergency === null ? facts.servers * cycles : 0;
  const phases = [
    counting,
    switching,
    Math.max(counting, shown + gate),
    ...(kind === 'ca' ? [facts.rekeySeconds + gate] : []),
    gate,
  ];
  return Math.ceil(phases.reduce((sum, seconds) => sum + seconds + PHASE_SECONDS, 0));
}

function gateSeconds(facts: DurationFacts, cycles: number): number {
  if (!isWaited(facts)) return 0;
  if (facts.silent > 0) return cycles;
  return facts.heartbeatsOnly > 0 ? JITTER * facts.longestHeartbeatSeconds : 0;
}

/** In an emergency nobody is, but where a stolen root still announces the next one. */
const isWaited = ({ kind, emergency }: DurationFacts): boolean =>
  emergency === null || (kind === 'ca' && emergency === 'stolen');
