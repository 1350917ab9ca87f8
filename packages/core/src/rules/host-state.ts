import { DAY_MS, SECOND_MS } from '../time.ts';
import type { HostReason } from '../wire/host-reasons.ts';
import type { HostView } from '../wire/trust.ts';

export type HostState = HostView['states'][number];

/** F-05: a host that missed this many heartbeats is offline. */
export const MISSED_HEARTBEATS_MAX = 3;
/** F-35: days before the end from which a long-lived certificate counts as expiring. */
export const EXPIRING_BEFORE_MS = 30 * DAY_MS;
/** The health code by which an agent says that it refuses its server's certificate. */
export const ORPHANED_HEALTH = 'orphaned';

export interface HostFacts {
  /** Null: no heartbeat was ever received. */
  readonly lastSeenMs: number | null;
  /** A channel of this host is open on a live worker. */
  readonly channelOpen: boolean;
  readonly heartbeatSeconds: number;
  readonly legacy: boolean;
  /** The certificate issued last; null for a host that has none. */
  readonly certificate: {
    readonly notBeforeMs: number;
    readonly notAfterMs: number;
    readonly revokedAtMs: number | null;
  } | null;
  /** What the host holds and what it should hold; null before its first heartbeat. */
  readonly policySerial: number | null;
  readonly wantedPolicySerial: number;
  readonly health: readonly string[];
  /** When it first said that it refuses its server's certificate; null: not known, or it does not. */
  readonly orphanedSinceMs: number | null;
}

/** States of a host, and the reason for each that wants attention. */
export interface HostJudgement {
  readonly states: readonly HostState[];
  readonly reasons: readonly HostReason[];
}

/** F-05 All states that hold for a host at that time, contact first, and why. */
export function judgeHost(facts: HostFacts, nowMs: number): HostJudgement {
  const contact = contactOf(facts, nowMs);
  const reasons: HostReason[] = contact === 'online' ? [] : [contact];
  if (facts.certificate !== null) reasons.push(...certificateReasons(facts.certificate, nowMs));
  const { policySerial: held, wantedPolicySerial: wanted } = facts;
  if (held !== null && held < wanted)
    reasons.push({ why: 'older-policy', state: 'policy-outdated', held, wanted });
  if (facts.health.includes(ORPHANED_HEALTH))
    reasons.push({
      why: 'refuses-server',
      state: 'orphaned',
      reportedAtMs: facts.orphanedSinceMs ?? facts.lastSeenMs ?? nowMs,
    });
  const states = reasons.map(({ state }): HostState => state);
  if (contact === 'online') states.unshift('online');
  if (facts.legacy) states.splice(1, 0, 'legacy');
  return { states, reasons };
}

/** Is a host that was seen then, with that heartbeat, still online? */
export const isOnline = (lastSeenMs: number, heartbeatSeconds: number, nowMs: number): boolean =>
  nowMs - lastSeenMs < MISSED_HEARTBEATS_MAX * heartbeatSeconds * SECOND_MS;

function contactOf(facts: HostFacts, nowMs: number): 'online' | HostReason {
  const { lastSeenMs, channelOpen, heartbeatSeconds, certificate } = facts;
  if (lastSeenMs === null && !channelOpen) return { why: 'never-heard', state: 'never-seen' };
  // from the moment of its revocation nothing of it is heard any more (T-40)
  if (typeof certificate?.revokedAtMs === 'number')
    return { why: 'not-heard', state: 'offline', revokedAtMs: certificate.revokedAtMs };
  if (channelOpen || lastSeenMs === null || isOnline(lastSeenMs, heartbeatSeconds, nowMs)) return 'online';
  const missed = Math.floor((nowMs - lastSeenMs) / (heartbeatSeconds * SECOND_MS));
  return { why: 'silent', state: 'offline', lastSeenAtMs: lastSeenMs, heartbeatSeconds, missed };
}

function certificateReasons(certificate: NonNullable<HostFacts['certificate']>, nowMs: number): HostReason[] {
  const { notBeforeMs, notAfterMs, revokedAtMs } = certificate;
  if (revokedAtMs !== null) return [{ why: 'revoked', state: 'revoked', revokedAtMs }];
  if (nowMs > notAfterMs) return [{ why: 'ended', state: 'certificate-expired', notAfterMs }];
  // A short-lived certificate is renewed at two thirds (T-04): it is late when five sixths have gone.
  const beforeMs = Math.min(EXPIRING_BEFORE_MS, (notAfterMs - notBeforeMs) / 6);
  return notAfterMs - nowMs <= beforeMs ? [{ why: 'ends', state: 'certificate-expiring', notAfterMs }] : [];
}
