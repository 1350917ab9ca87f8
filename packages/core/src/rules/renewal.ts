import { HOUR_MS, MINUTE_MS } from '../time.ts';

export interface RenewalFacts {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** In [0, 1), the same for one certificate wherever it is asked: hosts that enrolled together don't renew together (T-09). */
  readonly jitter: number;
  /** The moment that the server gave instead, if it did. */
  readonly renewAtMs?: number | undefined;
  /** Attempts that failed since the certificate was installed. */
  readonly failures: number;
  readonly lastAttemptMs: number | undefined;
  /** An administrator or the server asked for it (`agent renew`, a fetch of `certificate`). */
  readonly forced: boolean;
  readonly nowMs: number;
}

export type RenewalStep =
  | { readonly state: 'wait'; readonly untilMs: number }
  | { readonly state: 'renew' }
  /** Only a reissue token, or "allow automatic reissue", leads back. */
  | { readonly state: 'expired' };

type Lifetime = Pick<RenewalFacts, 'notBeforeMs' | 'notAfterMs'>;

/**
 * What to do about a certificate now (T-04): it is renewed at two thirds of its lifetime and a little later by its jitter, or when the
 * server said so; what failed is tried again with growing distance, but always several times before the certificate expires.
 */
export function nextRenewalStep(facts: RenewalFacts): RenewalStep {
  if (facts.nowMs >= facts.notAfterMs) return { state: 'expired' };
  const startMs = facts.forced ? facts.nowMs : plannedRenewalMs(facts);
  const untilMs = Math.max(startMs, retryAtMs(facts));
  return facts.nowMs >= untilMs ? { state: 'renew' } : { state: 'wait', untilMs };
}

/** When a certificate's renewal begins: as the server said, within what is safe; by itself when it said nothing. */
export function plannedRenewalMs(
  facts: Pick<RenewalFacts, 'notBeforeMs' | 'notAfterMs' | 'jitter' | 'renewAtMs'>,
): number {
  return facts.renewAtMs === undefined ? renewalDueMs(facts) : boundRenewalMs(facts, facts.renewAtMs);
}

/** When a certificate's renewal begins by itself: 2/3 of the lifetime, plus up to 1/12 of it. */
export function renewalDueMs(facts: Pick<RenewalFacts, 'notBeforeMs' | 'notAfterMs' | 'jitter'>): number {
  const lifetimeMs = facts.notAfterMs - facts.notBeforeMs;
  return Math.floor(facts.notBeforeMs + (lifetimeMs * 2) / 3 + (lifetimeMs * facts.jitter) / 12);
}

/**
 * A moment that somebody else chose, moved to where it can do no harm: not before the certificate is valid, and not so late that an
 * outage of a sixth of its lifetime would let it expire.
 */
export function boundRenewalMs(lifetime: Lifetime, renewAtMs: number): number {
  return Math.min(Math.max(renewAtMs, lifetime.notBeforeMs), latestRenewalMs(lifetime));
}

/** The part of a certificate's lifetime that renewal information leaves for attempts that fail. */
const MARGIN_SHARE = 1 / 6;

const latestRenewalMs = ({ notBeforeMs, notAfterMs }: Lifetime): number =>
  Math.floor(notAfterMs - (notAfterMs - notBeforeMs) * MARGIN_SHARE);

/** In [0, 1), by the certificate's fingerprint (hex): what the server foresees is what the agent does. */
export const renewalJitter = (fingerprint: string): number =>
  Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;

function retryAtMs({ failures, lastAttemptMs, notAfterMs, nowMs }: RenewalFacts): number {
  if (failures === 0 || lastAttemptMs === undefined) return 0;
  // A clock that was set back must not hold the next attempt away.
  const fromMs = Math.min(lastAttemptMs, nowMs);
  const backoffMs = Math.min(MINUTE_MS * 2 ** Math.min(failures - 1, 20), RENEWAL_BACKOFF_MAX_MS);
  const remainingMs = notAfterMs - fromMs;
  return fromMs + Math.min(backoffMs, Math.floor(remainingMs / 4));
}

const RENEWAL_BACKOFF_MAX_MS = 6 * HOUR_MS;
