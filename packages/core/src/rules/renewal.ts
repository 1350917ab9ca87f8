import { HOUR_MS, MINUTE_MS } from '../time.ts';

export interface RenewalFacts {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** In [0, 1), drawn once for each certificate: hosts that enrolled together don't renew together (T-09). */
  readonly jitter: number;
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

/**
 * What to do about a certificate now (T-04): it is renewed at two thirds of its lifetime and a little later at random; what
 * failed is tried again with growing distance, but always several times before the certificate expires.
 */
export function nextRenewalStep(facts: RenewalFacts): RenewalStep {
  if (facts.nowMs >= facts.notAfterMs) return { state: 'expired' };
  const startMs = facts.forced ? facts.nowMs : renewalDueMs(facts);
  const untilMs = Math.max(startMs, retryAtMs(facts));
  return facts.nowMs >= untilMs ? { state: 'renew' } : { state: 'wait', untilMs };
}

/** When a certificate's renewal begins: 2/3 of the lifetime, plus up to 1/12 of it. */
export function renewalDueMs(facts: Pick<RenewalFacts, 'notBeforeMs' | 'notAfterMs' | 'jitter'>): number {
  const lifetimeMs = facts.notAfterMs - facts.notBeforeMs;
  return Math.floor(facts.notBeforeMs + (lifetimeMs * 2) / 3 + (lifetimeMs * facts.jitter) / 12);
}

function retryAtMs({ failures, lastAttemptMs, notAfterMs, nowMs }: RenewalFacts): number {
  if (failures === 0 || lastAttemptMs === undefined) return 0;
  // A clock that was set back must not hold the next attempt away.
  const fromMs = Math.min(lastAttemptMs, nowMs);
  const backoffMs = Math.min(MINUTE_MS * 2 ** Math.min(failures - 1, 20), RENEWAL_BACKOFF_MAX_MS);
  const remainingMs = notAfterMs - fromMs;
  return fromMs + Math.min(backoffMs, Math.floor(remainingMs / 4));
}

const RENEWAL_BACKOFF_MAX_MS = 6 * HOUR_MS;
