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
  readonly askingSeconds: number;
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
  const switching = path === 'failover' && emergency === null ? facts.servers * cycles : 0;
  const phases = [
    counting,
    switching,
    counting,
    ...(kind === 'ca' ? [facts.askingSeconds + gate] : []),
    gate,
  ];
  return Math.ceil(phases.reduce((sum, seconds) => sum + seconds + PHASE_SECONDS, 0));
}

function gateSeconds(
  { kind, emergency, silent, heartbeatsOnly, longestHeartbeatSeconds }: DurationFacts,
  cycles: number,
): number {
  // nobody is waited for, but where a stolen root still announces the next one
  if (emergency !== null && !(kind === 'ca' && emergency === 'stolen')) return 0;
  if (silent > 0) return cycles;
  return heartbeatsOnly > 0 ? JITTER * longestHeartbeatSeconds : 0;
}
