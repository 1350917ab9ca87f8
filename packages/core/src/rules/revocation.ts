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

/** So many certificates, and the next shard of revocation lists is opened: no list grows beyond what a host fetches in one go (T-41). */
export const CRL_SHARD_CERTIFICATES_MAX = 50_000;
/** A closed shard lists nothing any more when the longest-lived certificate of its last moment has expired, and one list after it. */
export const SHARD_KEPT_MS = 825 * DAY_MS + CRL_VALID_MS;

/** What is known of the shard into which certificates are issued now. */
export interface OpenShardFacts {
  /** About how many were issued into it. */
  readonly certificates: number;
  /** Where its list is, as its certificates say it. */
  readonly uris: readonly string[];
}

/**
 * Go on with the open shard, or open the next? Addresses that changed call for another one: a list and its certificates must name the
 * same places, and certificates don't change. A root that is not here can't sign the trust bundle that would name the new list, so
 * the open one goes on, whatever it holds.
 */
export function decideShard(facts: {
  readonly open: OpenShardFacts | undefined;
  /** Where this server serves lists. */
  readonly ownUris: readonly string[];
  /** Lists that the trust bundle names already. */
  readonly lists: number;
  readonly listsMax: number;
  readonly rootIsHere: boolean;
}): 'keep' | 'open' {
  const { open } = facts;
  if (open === undefined) return 'open';
  if (!facts.rootIsHere || facts.lists >= facts.listsMax) return 'keep';
  if (open.certificates >= CRL_SHARD_CERTIFICATES_MAX) return 'open';
  return facts.ownUris.every((uri) => open.uris.includes(uri)) ? 'keep' : 'open';
}

/** Is a closed shard of no use any more? */
export const isShardOver = (shard: { readonly closedAtMs: number | null }, nowMs: number): boolean =>
  shard.closedAtMs !== null && nowMs >= shard.closedAtMs + SHARD_KEPT_MS;

/**
 * A CA that another one has followed still owes lists and OCSP answers for what it issued: until the longest-lived leaf of its last
 * moment has expired, and never beyond its own end, since no leaf outlives its issuer. Null: it issues now.
 */
export const isIssuerOver = (
  issuer: { readonly retiredAtMs: number | null; readonly notAfterMs: number },
  nowMs: number,
): boolean =>
  issuer.retiredAtMs !== null && nowMs >= Math.min(issuer.notAfterMs, issuer.retiredAtMs + SHARD_KEPT_MS);

/** How a revocation spread among the other hosts: when half of them, and when all of them had confirmed it (T-44). */
export interface Spread {
  readonly confirmed: number;
  readonly halfAtMs: number | null;
  readonly allAtMs: number | null;
}

/** Counts go up and down with the hosts that are in use; what was reached once stays reached. */
export const decideSpread = (
  before: Spread,
  counted: { readonly hosts: number; readonly confirmed: number },
  nowMs: number,
): Spread => ({
  confirmed: counted.confirmed,
  halfAtMs: before.halfAtMs ?? (counted.confirmed * 2 >= counted.hosts ? nowMs : null),
  allAtMs: before.allAtMs ?? (counted.confirmed >= counted.hosts ? nowMs : null),
});

/**
 * Has a host that says which list it holds confirmed a revocation (T-44)? All lists share one count. A number that was never given to
 * any list is nobody's: it confirms nothing.
 */
export const hasConfirmed = (
  heldNumber: number,
  revocation: { readonly crlNumber: number | null },
  highestNumber: number,
): boolean =>
  revocation.crlNumber !== null && heldNumber >= revocation.crlNumber && heldNumber <= highestNumber;

/** The certificate of the OCSP responder lives so long: nothing revokes it. */
export const OCSP_SIGNER_VALID_MS = 14 * DAY_MS;

/** Does a CA need another certificate for its OCSP responder? At half of that one's life. */
export function ocspSignerDue(
  held: { readonly notBeforeMs: number; readonly notAfterMs: number } | undefined,
  nowMs: number,
): boolean {
  if (held === undefined) return true;
  return nowMs >= held.notBeforeMs + (held.notAfterMs - held.notBeforeMs) / 2;
}

/** Days before an outage, not after (T-44): a list that should have been renewed long ago, or is past its end. */
export function crlAlarm(
  crl: { readonly thisUpdateMs: number; readonly nextUpdateMs: number },
  nowMs: number,
): 'none' | 'late' | 'stale' {
  if (nowMs >= crl.nextUpdateMs) return 'stale';
  const lateMs = crl.thisUpdateMs + (crl.nextUpdateMs - crl.thisUpdateMs) * CRL_LATE_SHARE;
  return nowMs >= lateMs ? 'late' : 'none';
}
/** Renewal begins at half the validity: half a day later something is wrong. */
const CRL_LATE_SHARE = 4 / 7;

/** Is a certificate refused at this moment? One that was replaced is, once its grace is over (T-14). */
export const isRevokedAt = (
  certificate: { readonly revokedAtMs: number | null; readonly revokeDueAtMs: number | null },
  nowMs: number,
): boolean =>
  certificate.revokedAtMs !== null ||
  (certificate.revokeDueAtMs !== null && certificate.revokeDueAtMs <= nowMs);

/** May an administrator revoke this host's certificates (T-40)? The management server cannot cut itself off. */
export const decideRevocation = (hostId: HostId, serverHostId: HostId): { readonly allow: true } | Refusal =>
  hostId === serverHostId ? refuse('SERVER_NOT_REVOKED', {}) : { allow: true };
