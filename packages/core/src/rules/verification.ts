import { refuse, type Refusal } from '../errors.ts';
import { CLOCK_SKEW_MAX_MS } from '../limits.ts';
import { DAY_MS } from '../time.ts';
import type { Fetchable, HeartbeatReply } from '../wire/agent.ts';

/** F-20: no switch-off lasts longer, whoever signed it. */
export const VERIFICATION_OFF_MAX_MS = 14 * DAY_MS;
/** What an administrator gets who names no end. */
export const VERIFICATION_OFF_DEFAULT_MS = DAY_MS;

/** Must agents verify their management server by its certificate? What a group is set to, and what its signed policy says. */
export type Verification =
  | { readonly state: 'on' }
  | {
      readonly state: 'off';
      /** When an administrator switched it off: tells this switch-off from every other. */
      readonly sinceMs: number;
      readonly untilMs: number;
    };

export const VERIFICATION_ON: Verification = { state: 'on' };

/** What an agent keeps on its disk about switch-offs, so that none of them lasts longer than it was signed for. */
export interface VerificationMemory {
  /** Every switch-off that began at or before this moment is over, whatever a clock says later. */
  readonly endedThroughMs: number;
  readonly off: {
    readonly sinceMs: number;
    readonly untilMs: number;
    /** The latest moment that was seen during it. */
    readonly reachedMs: number;
  } | null;
}

export const NO_VERIFICATION_MEMORY: VerificationMemory = { endedThroughMs: 0, off: null };

export interface VerificationFacts {
  /** Of the newest policy that was verified and adopted. */
  readonly order: Verification;
  /** The policy is that of the group which this host's own assignment names. */
  readonly isOwn: boolean;
  readonly memory: VerificationMemory;
  /** The agent's clock. */
  readonly nowMs: number;
}

/** `why` it is on, in words that logs carry; `memory` is to be on the disk before anything is done without verification. */
export type VerificationDecision =
  | {
      readonly verification: 'on';
      readonly why: 'ordered' | 'over' | 'clock-set-back' | 'not-begun' | 'not-own' | 'end-too-far';
      readonly memory: VerificationMemory;
    }
  | { readonly verification: 'off'; readonly untilMs: number; readonly memory: VerificationMemory };

/**
 * F-20 Is verification off for this agent now? Only by a signed order for its own group, which began already, ends within 14 days of its
 * beginning and has not ended: not by the clock, and not before, as one that ended is remembered. A clock that was set back by more than
 * ten minutes ends it; less does not prolong it. Whatever is in doubt means on.
 */
export function decideVerification({ order, isOwn, memory, nowMs }: VerificationFacts): VerificationDecision {
  if (order.state === 'on') return { verification: 'on', why: 'ordered', memory: forgotten(memory) };
  const { sinceMs, untilMs } = order;
  if (!isOwn) return { verification: 'on', why: 'not-own', memory };
  if (untilMs - sinceMs > VERIFICATION_OFF_MAX_MS) return { verification: 'on', why: 'end-too-far', memory };
  if (sinceMs <= memory.endedThroughMs) return { verification: 'on', why: 'over', memory };
  const known = memory.off?.sinceMs === sinceMs ? memory.off : null;
  if (known !== null && nowMs < known.reachedMs - CLOCK_SKEW_MAX_MS)
    return { verification: 'on', why: 'clock-set-back', memory: ended(sinceMs) };
  if (nowMs < sinceMs - CLOCK_SKEW_MAX_MS) return { verification: 'on', why: 'not-begun', memory };
  const reachedMs = Math.max(nowMs, known?.reachedMs ?? nowMs);
  if (reachedMs >= untilMs) return { verification: 'on', why: 'over', memory: ended(sinceMs) };
  return {
    verification: 'off',
    untilMs,
    memory: { endedThroughMs: memory.endedThroughMs, off: { sinceMs, untilMs, reachedMs } },
  };
}

/** The server's own question: does this setting still hold? */
export const isOffAt = (verification: Verification, nowMs: number): boolean =>
  verification.state === 'off' && nowMs < verification.untilMs;

/** What an administrator may ask for. Refusals: VERIFICATION_END_PAST, VERIFICATION_END_TOO_FAR. */
export function decideSwitchOff(untilMs: number, nowMs: number): { readonly allow: true } | Refusal {
  if (untilMs <= nowMs) return refuse('VERIFICATION_END_PAST');
  if (untilMs - nowMs > VERIFICATION_OFF_MAX_MS) return refuse('VERIFICATION_END_TOO_FAR', { days: 14 });
  return { allow: true };
}

/** What an agent does with its management server. */
export const SERVER_ACTS = [
  'heartbeat',
  'document',
  'renewal',
  'report',
  'channel',
  'question',
  'password',
] as const;
export type ServerAct = (typeof SERVER_ACTS)[number];

/**
 * May the agent do this while it does not know who answers? It reports itself and fetches what is signed; a certificate is verified when
 * it comes, but is asked for over mutual TLS alone. The rest waits: an acknowledgement that anybody may have given would make it forget a
 * report, and what is answered elsewhere would have to be believed. Refusal: VERIFICATION_OFF.
 */
export function decideAct(act: ServerAct, protocol: 'https' | 'http'): { readonly allow: true } | Refusal {
  switch (act) {
    case 'heartbeat':
    case 'document':
      return { allow: true };
    case 'renewal':
      return protocol === 'https' ? { allow: true } : refuse('VERIFICATION_OFF');
    case 'report':
    case 'channel':
    case 'question':
    case 'password':
      return refuse('VERIFICATION_OFF');
  }
}

/** What counts of an answer that anybody may have given: that signed documents and lists are to be fetched. No order, no cancellation. */
export const believedReply = (reply: HeartbeatReply): HeartbeatReply => ({
  nowMs: reply.nowMs,
  fetch: reply.fetch.filter((what) => SIGNED.has(what)),
  offers: [],
  cancels: [],
});

const SIGNED: ReadonlySet<Fetchable> = new Set(['bundle', 'list', 'assignment', 'policy', 'crl']);

/** A signed document, as far as it says whom it is for. */
export type DocumentAddressee =
  | { readonly type: 'bundle' }
  | { readonly type: 'assignment'; readonly hostId: string }
  | { readonly type: 'policy'; readonly group: string }
  | { readonly type: 'list'; readonly list: string };

/**
 * Is this document for this host? A signature says that it is of the domain, not for whom: without verification anybody may hand on what
 * was signed for another host or group. `assignment`: what is held; undefined: none yet. Refusal: DOCUMENT_FOR_OTHERS.
 */
export function decideAddressee(
  document: DocumentAddressee,
  own: { readonly hostId: string; readonly assignment: { group: string; list: string } | undefined },
): { readonly allow: true } | Refusal {
  const isOwn =
    document.type === 'bundle' ||
    (document.type === 'assignment' && document.hostId === own.hostId) ||
    (document.type === 'policy' && document.group === own.assignment?.group) ||
    (document.type === 'list' && document.list === own.assignment?.list);
  return isOwn ? { allow: true } : refuse('DOCUMENT_FOR_OTHERS', { type: document.type });
}

/** Switched on: what was off is over, and does not come back with an older order. */
const forgotten = (memory: VerificationMemory): VerificationMemory =>
  memory.off === null
    ? memory
    : { endedThroughMs: Math.max(memory.endedThroughMs, memory.off.sinceMs), off: null };

const ended = (sinceMs: number): VerificationMemory => ({ endedThroughMs: sinceMs, off: null });
