import type { HostId } from '../ids.ts';
import { SECOND_MS } from '../time.ts';

/** F-30 What a certificate update changes: the server's TLS certificate, its signing certificate, or the CA. */
export const ROTATION_KINDS = ['tls', 'signing', 'ca'] as const;
export type RotationKind = (typeof ROTATION_KINDS)[number];

/** F-31 The three ways. */
export const ROTATION_PATHS = ['announced', 'failover', 'off-on'] as const;
export type RotationPath = (typeof ROTATION_PATHS)[number];

/**
 * Where an update is. The way back goes through the same phases with the roles of old and new swapped; `withdrawing`: what is
 * given up has left the documents and its key is destroyed.
 */
export const ROTATION_PHASES = [
  'prepared',
  'announced',
  'switching',
  'overlap',
  'rekeying',
  'withdrawing',
  'done',
  'rolled-back',
] as const;
export type RotationPhase = (typeof ROTATION_PHASES)[number];

/** What is done next; each is one transaction, and doing it twice does no more than doing it once. */
export const ROTATION_STEPS = ['announce', 'switch', 'settle', 'rekey', 'withdraw', 'finish'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

/** F-34 Why nobody is waited for: the key is nowhere any more, or somebody else has it too. */
export const EMERGENCIES = ['lost', 'stolen'] as const;
export type Emergency = (typeof EMERGENCIES)[number];

/** F-32 So many periods of its own heartbeat are waited for a host that is silent. */
export const SILENT_CYCLES = 3;
/** Hosts that a verdict names; the counts are of all. */
export const GATE_HOSTS_NAMED_MAX = 100;

/** An update as its row says. */
export interface RotationState {
  readonly kind: RotationKind;
  readonly path: RotationPath;
  readonly phase: RotationPhase;
  readonly direction: 'forward' | 'back';
  readonly emergency: Emergency | null;
  readonly pausedAtMs: number | null;
  readonly phaseSinceMs: number;
  /** Since then nobody could hear hosts for so long: no server ran, or none served. It counts as nobody's silence. */
  readonly unservedMs: number;
  /** The old one is kept at least so long after the switch; on the way back only a CA is. */
  readonly overlapMs: number;
}

/** A server process of the domain, as far as an update concerns it. */
export interface RotationServer {
  readonly instanceId: string;
  readonly live: boolean;
  /** When it was told to show the new one; null: not yet. */
  readonly orderedAtMs: number | null;
  /** It has confirmed that it shows the new one. */
  readonly confirmed: boolean;
}

/** A host before a gate. Hosts whose certificate is revoked or has run out stand before none. */
export interface GateHost {
  readonly hostId: HostId;
  readonly online: boolean;
  /** It echoed what the gate wants. */
  readonly acknowledged: boolean;
  readonly heartbeatSeconds: number;
  /** When it was heard last; zero: never. */
  readonly lastSeenMs: number;
  /** When it was heard again after it had been offline; zero: it was not. */
  readonly backSinceMs: number;
  /** What it has now leads it back to the server after the change, without anybody's help. */
  readonly unaided: boolean;
}

/** How hosts pass. */
export interface Gate {
  readonly sinceMs: number;
  /** A cycle is no shorter than this: a host is asked again so often and no oftener. */
  readonly cycleMsMin: number;
  /** Nobody's acknowledgement opens it before that: paths 2 and 3 wait for 3 cycles of the longest heartbeat. */
  readonly notBeforeMs: number;
  /** Lost hosts that an administrator named and accepted (F-37). */
  readonly accepted: ReadonlySet<HostId>;
  /** `waits`: silent ones hold it up for their cycles and no longer; nothing can be lost behind it. */
  readonly manner: 'asks' | 'waits' | 'open';
}

/** Why a host is a question: it would be lost, or it is there and does not do what is asked of it. */
export const UNDECIDED_REASONS = ['would-be-lost', 'does-not-follow'] as const;
export interface UndecidedHost {
  readonly hostId: HostId;
  readonly why: (typeof UNDECIDED_REASONS)[number];
}

/** What a gate says. Lists are cut at GATE_HOSTS_NAMED_MAX. */
export interface GateVerdict {
  readonly hosts: number;
  readonly acknowledged: number;
  /** Online, and not there yet. */
  readonly waiting: number;
  /** Not online, and waited for. */
  readonly silent: number;
  /** Not online; they come back by themselves. */
  readonly late: number;
  /** Would be lost, or do not acknowledge though they are online; nobody has accepted it. */
  readonly undecided: number;
  /** Accepted as lost. */
  readonly accepted: number;
  readonly undecidedHosts: readonly UndecidedHost[];
  readonly slowestHosts: readonly HostId[];
  readonly opens: boolean;
  /** When it opens at the latest if everybody keeps silent; null: that is not known. */
  readonly untilMs: number | null;
}

export type WaitReason = 'paused' | 'hosts' | 'silent-hosts' | 'cycles' | 'servers' | 'overlap';
export type RotationDecision =
  | { readonly what: 'wait'; readonly why: WaitReason; readonly untilMs: number | null }
  /** `server`: the one that is switched; null: all. */
  | { readonly what: 'do'; readonly step: RotationStep; readonly server: string | null }
  /** F-32 These would be lost: an administrator decides. */
  | { readonly what: 'ask'; readonly hosts: readonly HostId[]; readonly count: number }
  | { readonly what: 'done' };

export interface RotationFacts {
  /** Of the gate that `gateOf` says. */
  readonly verdict: GateVerdict;
  readonly servers: readonly RotationServer[];
  /** Of all hosts. */
  readonly longestHeartbeatSeconds: number;
}

/** What comes next in an update, by facts alone (F-32): asked again and again, after a restart as before it. */
export function nextStep(state: RotationState, facts: RotationFacts, nowMs: number): RotationDecision {
  const { phase, direction } = state;
  if (isOver(phase)) return { what: 'done' };
  if (state.pausedAtMs !== null) return { what: 'wait', why: 'paused', untilMs: null };
  switch (phase) {
    case 'prepared':
      return direction === 'back' ? doStep('finish') : doStep('announce');
    case 'announced':
      return facts.verdict.opens ? doStep('switch', firstServer(state, facts)) : hold(facts.verdict, nowMs);
    case 'switching':
      return switching(state, facts, nowMs);
    case 'overlap': {
      if (!facts.verdict.opens) return hold(facts.verdict, nowMs);
      const untilMs = state.phaseSinceMs + state.overlapMs;
      // turned back, a TLS or signing certificate was never the only one; leaves of a new CA are, for who is never heard
      const waits = direction === 'forward' || state.kind === 'ca';
      if (state.emergency === null && waits && nowMs < untilMs)
        return { what: 'wait', why: 'overlap', untilMs };
      return doStep(state.kind === 'ca' ? 'rekey' : 'withdraw');
    }
    case 'rekeying':
      return facts.verdict.opens ? doStep('withdraw') : hold(facts.verdict, nowMs);
    case 'withdrawing':
      return facts.verdict.opens ? doStep('finish') : hold(facts.verdict, nowMs);
  }
}

/** True: nothing happens any more. */
export const isOver = (phase: RotationPhase): phase is 'done' | 'rolled-back' =>
  phase === 'done' || phase === 'rolled-back';

/** Until the old one is withdrawn, there is a way back (F-33). */
export const mayRollBack = (state: Pick<RotationState, 'phase' | 'direction' | 'emergency'>): boolean =>
  !isOver(state.phase) &&
  state.phase !== 'withdrawing' &&
  state.direction === 'forward' &&
  state.emergency === null;

/** A phase asks each host for something, few at once. */
export interface HostsAsked {
  /** It takes so long until each was asked. */
  readonly allMs: number;
  /** One that did not answer is asked again after this. */
  readonly againMs: number;
}

/** What a gate is made of, beside the update itself. */
export interface GateFacts {
  /** Lost hosts that an administrator named and accepted (F-37). */
  readonly accepted: ReadonlySet<HostId>;
  readonly longestHeartbeatSeconds: number;
  /** Null: this phase asks hosts for nothing that they would not do by themselves. */
  readonly asking: HostsAsked | null;
}

/** The gate that a phase ends with. A host's cycles begin when it has been asked. */
export function gateOf(state: RotationState, facts: GateFacts): Gate {
  const { path, phase } = state;
  const { asking } = facts;
  const servedSinceMs = state.phaseSinceMs + state.unservedMs;
  const counts = path !== 'announced' && (phase === 'announced' || phase === 'overlap');
  const waits = counts ? cyclesMs(facts.longestHeartbeatSeconds) : 0;
  return {
    sinceMs: servedSinceMs + (asking?.allMs ?? 0),
    cycleMsMin: asking?.againMs ?? 0,
    notBeforeMs: servedSinceMs + waits,
    accepted: facts.accepted,
    manner: mannerOf(state),
  };
}

/**
 * Nobody is waited for in an emergency, but where that would lose everybody: a stolen root still announces the next one, and nothing leads
 * there later.
 */
function mannerOf({ kind, phase, emergency }: RotationState): Gate['manner'] {
  if (emergency === 'stolen' && kind === 'ca') return 'waits';
  if (emergency !== null) return 'open';
  return phase === 'withdrawing' ? 'waits' : 'asks';
}

/** Judges hosts at a gate, in one pass. */
export function judgeGate(hosts: Iterable<GateHost>, gate: Gate, nowMs: number): GateVerdict {
  const counts = { hosts: 0, acknowledged: 0, waiting: 0, silent: 0, late: 0, undecided: 0, accepted: 0 };
  const undecidedHosts: UndecidedHost[] = [];
  const slowestHosts: HostId[] = [];
  let untilMs = gate.notBeforeMs;
  let unknown = false;
  const name = <Named>(list: Named[], host: Named): void => {
    if (list.length < GATE_HOSTS_NAMED_MAX) list.push(host);
  };
  for (const host of hosts) {
    counts.hosts += 1;
    const standing = standingOf(host, gate, nowMs);
    counts[standing] += 1;
    if (standing === 'waiting' || standing === 'silent') {
      name(slowestHosts, host.hostId);
      untilMs = Math.max(untilMs, decidedAtMs(host, gate, nowMs));
    }
    if (standing === 'undecided') {
      name(undecidedHosts, {
        hostId: host.hostId,
        why: host.online ? 'does-not-follow' : 'would-be-lost',
      });
      unknown = true;
    }
  }
  const held = counts.waiting + counts.silent + counts.undecided > 0 || nowMs < gate.notBeforeMs;
  const opens = gate.manner === 'open' || !held;
  return { ...counts, undecidedHosts, slowestHosts, opens, untilMs: opens || unknown ? null : untilMs };
}

type Standing = 'acknowledged' | 'accepted' | 'waiting' | 'silent' | 'late' | 'undecided';

/**
 * F-32: its own three cycles are what a host that does not answer gets. Who is counted as online then, but was not heard since, may just
 * have gone: that shows by itself.
 */
function standingOf(host: GateHost, gate: Gate, nowMs: number): Standing {
  if (host.acknowledged) return 'acknowledged';
  if (gate.accepted.has(host.hostId)) return 'accepted';
  const deadlineMs = deadlineOf(host, gate);
  if (nowMs < deadlineMs) return host.online ? 'waiting' : 'silent';
  if (gate.manner !== 'asks') return 'late';
  if (!host.online) return host.unaided ? 'late' : 'undecided';
  return host.lastSeenMs < deadlineMs ? 'waiting' : 'undecided';
}

/**
 * The end of a host's three cycles. Where it might be a question, they begin anew when it comes back. One that is not there is not asked
 * again either: its own cycles count.
 */
function deadlineOf({ heartbeatSeconds, backSinceMs, online }: GateHost, gate: Gate): number {
  const sinceMs = gate.manner === 'asks' ? Math.max(gate.sinceMs, backSinceMs) : gate.sinceMs;
  const asksMs = online ? SILENT_CYCLES * gate.cycleMsMin : 0;
  return sinceMs + Math.max(cyclesMs(heartbeatSeconds), asksMs);
}

/** When it shows at the latest what a host is that is waited for: after its cycles, or when it counts as offline. */
function decidedAtMs(host: GateHost, gate: Gate, nowMs: number): number {
  const deadlineMs = deadlineOf(host, gate);
  return nowMs < deadlineMs ? deadlineMs : host.lastSeenMs + cyclesMs(host.heartbeatSeconds);
}

/** Three periods of a heartbeat. */
export const cyclesMs = (heartbeatSeconds: number): number => SILENT_CYCLES * heartbeatSeconds * SECOND_MS;

function hold(verdict: GateVerdict, nowMs: number): RotationDecision {
  if (verdict.waiting + verdict.silent === 0 && verdict.undecided > 0)
    return {
      what: 'ask',
      hosts: verdict.undecidedHosts.map(({ hostId }) => hostId),
      count: verdict.undecided,
    };
  const untilMs = verdict.untilMs;
  if (verdict.waiting > 0) return { what: 'wait', why: 'hosts', untilMs };
  if (verdict.silent > 0) return { what: 'wait', why: 'silent-hosts', untilMs };
  return { what: 'wait', why: 'cycles', untilMs: untilMs !== null && untilMs > nowMs ? untilMs : null };
}

/** F-31.2: one server at a time; between two of them three cycles of the longest heartbeat, whatever was acknowledged. */
function switching(state: RotationState, facts: RotationFacts, nowMs: number): RotationDecision {
  const live = facts.servers.filter((server) => server.live);
  const unconfirmed = live.filter((server) => !server.confirmed);
  if (state.path !== 'failover' || state.emergency !== null)
    return unconfirmed.length > 0 ? { what: 'wait', why: 'servers', untilMs: null } : doStep('settle');
  if (unconfirmed.some(({ orderedAtMs }) => orderedAtMs !== null))
    return { what: 'wait', why: 'servers', untilMs: null };
  const [next] = unconfirmed;
  const lastMs = Math.max(state.phaseSinceMs, ...facts.servers.map(({ orderedAtMs }) => orderedAtMs ?? 0));
  const untilMs = lastMs + state.unservedMs + cyclesMs(facts.longestHeartbeatSeconds);
  if (nowMs < untilMs) return { what: 'wait', why: 'cycles', untilMs };
  if (next === undefined) return doStep('settle');
  return facts.verdict.opens ? doStep('switch', next.instanceId) : hold(facts.verdict, nowMs);
}

function firstServer(state: RotationState, { servers }: RotationFacts): string | null {
  if (state.path !== 'failover' || state.emergency !== null) return null;
  const live = servers.filter((server) => server.live);
  return (live.find((server) => !server.confirmed) ?? live[0])?.instanceId ?? null;
}

const doStep = (step: RotationStep, server: string | null = null): RotationDecision => ({
  what: 'do',
  step,
  server,
});
