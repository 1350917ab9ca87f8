import { refuse, type Refusal } from '../errors.ts';
import type { HostId } from '../ids.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import type { SecurityLevel, StaleCrlChoice } from '../wire/trust.ts';

/** A CRL is valid for 7 days (T-41). */
export const CRL_VALID_MS = 7 * DAY_MS;
/** T-14: the certificate that a reissued one replaces lives at most this long. */
export const REPLACED_GRACE_MS = 10 * MINUTE_MS;

/** How often hosts fetch the CRL at a level (T-41). */
export function crlRefreshSeconds(level: SecurityLevel): number {
  switch (level) {
    case 'very-high':
      return 3600;
    case 'high':
      return 4 * 3600;
    case 'medium':
      return 8 * 3600;
  }
}

/** What a host does with a CRL past its nextUpdate (T-42): closed refuses peers, open goes on and reports. */
export function staleCrl(level: SecurityLevel, choice: StaleCrlChoice): 'open' | 'closed' {
  if (choice !== 'level') return choice;
  return level === 'very-high' ? 'closed' : 'open';
}

/** After a failure a host tries again by itself: after half a minute, then twice as long each time, at most an hour. */
export const crlRetryMs = (failures: number, fraction: number): number =>
  Math.min(CRL_RETRY_MS * 2 ** Math.min(failures - 1, 10), HOUR_MS) * (0.75 + fraction / 2);
const CRL_RETRY_MS = 30_000;
/** A server that says "there is a new one" to a host whose last try failed is believed again after this. */
export const CRL_ASKED_AGAIN_MS = 5_000;

/** Must a CRL be signed now? At half its validity (T-44), and when a revoked certificate is missing from it. */
export function crlDue(
  crl: { readonly thisUpdateMs: number; readonly nextUpdateMs: number } | undefined,
  revokedIsMissing: boolean,
  nowMs: number,
): boolean {
  if (crl === undefined || revokedIsMissing) return true;
  return nowMs >= crl.thisUpdateMs + (crl.nextUpdateMs - crl.thisUpdateMs) / 2;
}

/** Is a certificate refused at this moment? One that was replaced is, once its grace is over (T-14). */
export const isRevokedAt = (
  certificate: { readonly revokedAtMs: number | null; readonly revokeDueAtMs: number | null },
  nowMs: number,
): boolean =>
  certificate.revokedAtMs !== null ||
  (certificate.revokeDueAtMs !== null && certificate.revokeDueAtMs <= nowMs);

/** May an administrator revoke this host's certificates (T-40)? The management server cannot cut itself off. */
export const decideRevocation = (hostId: HostId, serverHostId: HostId): { readonly allow: true } | Refusal =>
  hostId === serverHostId ? refuse('HOST_IS_MANAGEMENT_SERVER', {}) : { allow: true };
