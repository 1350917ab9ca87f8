import type { ErrorCode, Refusal } from '../errors.ts';
import { refuse } from '../errors.ts';
import type { NameOutcome } from './naming.ts';

/**
 * The checks of a connection's other side, in the order in which they are made (T-02, T-31): which protocol it speaks, its path to
 * an anchor, its role, its domain, its dates, the age of the revocation list, whether that names it, and the name.
 */
export const PEER_CHECKS = [
  'protocol',
  'chain',
  'role',
  'domain',
  'dates',
  'revocation-list',
  'revocation',
  'name',
] as const;
export type PeerCheck = (typeof PEER_CHECKS)[number];

/** What is known of a peer. */
export interface PeerFacts {
  /** Set: the other side speaks the plain protocol of legacy hosts, and `rules/legacy` said this of it. */
  readonly legacy?: 'let-in' | Refusal | undefined;
  /** What verifying the path (`pki/verify`) refused: chain, role or domain. */
  readonly path?: Refusal | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The newest verified CRL of its issuer; undefined when none was ever fetched. */
  readonly crl: { readonly nextUpdateMs: number } | undefined;
  /** T-42: what a CRL past its nextUpdate means. */
  readonly staleCrl: 'open' | 'closed';
  readonly revoked: boolean;
  /** Who belongs behind the name that was dialled (host ID or server ID); undefined: whoever comes in. */
  readonly expected: string | undefined;
  readonly found: string;
  /** What `decideName` says of the name; undefined: no name is bound here, or it is asked for afterwards. */
  readonly name?: NameOutcome | undefined;
  readonly nowMs: number;
}

export type PeerDecision = { readonly allow: true; readonly checks: readonly PeerCheck[] } | PeerRefusal;
/** A refusal names the check that failed; those before it passed. */
export type PeerRefusal = Refusal & { readonly failed: PeerCheck };

/** May we talk to this peer? The first check that fails decides, and is named (T-02, T-31, T-42). */
export function decidePeer(facts: PeerFacts): PeerDecision {
  for (const check of PEER_CHECKS) {
    const refusal = refusalBy(check, facts);
    if (refusal !== undefined) return { ...refusal, failed: check };
  }
  return { allow: true, checks: PEER_CHECKS };
}

/** One check, and what it says; `skipped`: there is nothing to look at. */
export type CheckedPeer =
  | { readonly check: PeerCheck; readonly outcome: 'passed' | 'skipped' }
  | { readonly check: PeerCheck; readonly outcome: 'failed'; readonly refusal: Refusal };

/** The same checks in the same order, each with its own outcome, also after one that failed (T-36). */
export function explainPeer(facts: PeerFacts): CheckedPeer[] {
  const hasNoPath = facts.path?.code === 'PEER_CERTIFICATE_MISSING';
  return PEER_CHECKS.map((check): CheckedPeer => {
    const refusal = refusalBy(check, facts);
    if (refusal !== undefined) return { check, outcome: 'failed', refusal };
    const looked = isLegacy(facts)
      ? check === 'protocol' || check === 'name'
      : !(hasNoPath && OF_CERTIFICATES.has(check));
    return { check, outcome: looked ? 'passed' : 'skipped' };
  });
}

/** What a legacy host has none of, and a host without a certificate too. */
const OF_CERTIFICATES: ReadonlySet<PeerCheck> = new Set([
  'chain',
  'role',
  'domain',
  'dates',
  'revocation-list',
  'revocation',
]);

const isLegacy = (facts: PeerFacts): boolean => facts.legacy !== undefined;

function refusalBy(check: PeerCheck, facts: PeerFacts): Refusal | undefined {
  if (OF_CERTIFICATES.has(check)) {
    if (isLegacy(facts)) return undefined;
    if (facts.path !== undefined && checkOfPath(facts.path.code) === check) return facts.path;
    if (facts.path?.code === 'PEER_CERTIFICATE_MISSING') return undefined;
  }
  return CHECKS[check](facts);
}

/** Which check a refusal of `pki/verify` belongs to. */
export function checkOfPath(code: ErrorCode): PeerCheck {
  return PATH_CHECKS.get(code) ?? 'chain';
}

const PATH_CHECKS: ReadonlyMap<ErrorCode, PeerCheck> = new Map([
  ['PEER_ROLE_WRONG', 'role'],
  ['PEER_KEY_USAGE_WRONG', 'role'],
  ['PEER_NAME_WRONG', 'role'],
  ['PEER_DOMAIN_OTHER', 'domain'],
  ['PEER_CERTIFICATE_EXPIRED', 'dates'],
  ['PEER_CERTIFICATE_NOT_YET_VALID', 'dates'],
  ['PEER_REVOKED', 'revocation'],
]);

const CHECKS: Readonly<Record<PeerCheck, (facts: PeerFacts) => Refusal | undefined>> = {
  protocol: ({ legacy }) => (typeof legacy === 'object' ? legacy : undefined),
  chain: () => undefined,
  role: () => undefined,
  domain: () => undefined,
  dates: ({ notBeforeMs, notAfterMs, nowMs, found }) => {
    // the last second counts as a whole: notAfter is inclusive
    if (nowMs >= notAfterMs + 1000)
      return refuse('PEER_CERTIFICATE_EXPIRED', { subject: found, notAfter: iso(notAfterMs) });
    if (nowMs < notBeforeMs)
      return refuse('PEER_CERTIFICATE_NOT_YET_VALID', { subject: found, notBefore: iso(notBeforeMs) });
    return undefined;
  },
  'revocation-list': ({ crl, staleCrl, nowMs, found }) => {
    if (staleCrl === 'open') return undefined;
    if (crl !== undefined && nowMs < crl.nextUpdateMs) return undefined;
    return refuse('PEER_CRL_STALE', {
      subject: found,
      nextUpdate: crl === undefined ? '-' : iso(crl.nextUpdateMs),
    });
  },
  revocation: ({ revoked, found }) => (revoked ? refuse('PEER_REVOKED', { subject: found }) : undefined),
  name: ({ expected, found, name }) => {
    if (expected !== undefined && expected !== found)
      return refuse('PEER_NAME_WRONG', { subject: found, expected });
    return name !== undefined && 'code' in name
      ? { allow: false, code: name.code, params: name.params }
      : undefined;
  },
};

const iso = (atMs: number): string => new Date(atMs).toISOString();
