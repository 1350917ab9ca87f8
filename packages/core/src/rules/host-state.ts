import { DAY_MS, SECOND_MS } from '../time.ts';
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
}

/** F-05 All states that hold for a host at that time, contact first. */
export function hostStates(facts: HostFacts, nowMs: number): HostState[] {
  const states: HostState[] = [contactState(facts, nowMs)];
  if (facts.legacy) states.push('legacy');
  if (facts.certificate !== null) states.push(...certificateStates(facts.certificate, nowMs));
  if (facts.policySerial !== null && facts.policySerial < facts.wantedPolicySerial)
    states.push('policy-outdated');
  if (facts.health.includes(ORPHANED_HEALTH)) states.push('orphaned');
  return states;
}

/** Is a host that was seen then, with that heartbeat, still online? */
export const isOnline = (lastSeenMs: number, heartbeatSeconds: number, nowMs: number): boolean =>
  nowMs - lastSeenMs < MISSED_HEARTBEATS_MAX * heartbeatSeconds * SECOND_MS;

function contactState(facts: HostFacts, nowMs: number): HostState {
  if (facts.lastSeenMs === null && !facts.channelOpen) return 'never-seen';
  // from the moment of its revocation nothing of it is heard any more (T-40)
  if (typeof facts.certificate?.revokedAtMs === 'number') return 'offline';
  if (facts.channelOpen || facts.lastSeenMs === null) return 'online';
  return isOnline(facts.lastSeenMs, facts.heartbeatSeconds, nowMs) ? 'online' : 'offline';
}

function certificateStates(certificate: NonNullable<HostFacts['certificate']>, nowMs: number): HostState[] {
  if (certificate.revokedAtMs !== null) return ['revoked'];
  if (nowMs > certificate.notAfterMs) return ['certificate-expired'];
  // A short-lived certificate is renewed at two thirds (T-04): it is late when five sixths have gone.
  const lifetimeMs = certificate.notAfterMs - certificate.notBeforeMs;
  const beforeMs = Math.min(EXPIRING_BEFORE_MS, lifetimeMs / 6);
  return certificate.notAfterMs - nowMs <= beforeMs ? ['certificate-expiring'] : [];
}
