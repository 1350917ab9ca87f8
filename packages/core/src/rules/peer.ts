import { refuse, type Refusal } from '../errors.ts';

/** The checks of a connection's other side, in the order in which they are made (T-02). */
export const PEER_CHECKS = ['dates', 'revocation-list', 'revocation', 'name'] as const;
export type PeerCheck = (typeof PEER_CHECKS)[number];

/** What is known of a peer whose chain, role and domain were verified already (`pki/verify`). */
export interface PeerFacts {
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
  readonly nowMs: number;
}

export type PeerDecision = { readonly allow: true; readonly checks: readonly PeerCheck[] } | PeerRefusal;
/** A refusal names the check that failed; those before it passed. */
export type PeerRefusal = Refusal & { readonly failed: PeerCheck };

/** May we talk to this peer? The first check that fails decides, and is named (T-02, T-42). */
export function decidePeer(facts: PeerFacts): PeerDecision {
  for (const check of PEER_CHECKS) {
    const refusal = CHECKS[check](facts);
    if (refusal !== undefined) return { ...refusal, failed: check };
  }
  return { allow: true, checks: PEER_CHECKS };
}

const CHECKS: Readonly<Record<PeerCheck, (facts: PeerFacts) => Refusal | undefined>> = {
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
  name: ({ expected, found }) =>
    expected === undefined || expected === found
      ? undefined
      : refuse('PEER_NAME_WRONG', { subject: found, expected }),
};

const iso = (atMs: number): string => new Date(atMs).toISOString();
