import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { ConnectionPeer } from './peer.ts';

/** Certificates whose chain is remembered; the one that was shown longest ago goes first. */
export const VERIFIED_CHAINS_MAX = 10_000;

/** What a chain was checked against; the key store hands out new lists whenever a key changes. */
export interface ChainFacts {
  readonly anchors: readonly Certificate[];
  readonly issuers: readonly Certificate[];
}

type Verified = Extract<ConnectionPeer, { kind: 'verified' }>;

/**
 * Remembers which certificates chain to the CA, by the SHA-256 of their whole DER: an agent that comes back shows the same one, and
 * its signatures are as good as they were. Only the chain is remembered: dates are looked at each time, possession of the key is
 * proved by each handshake, and whether it still counts is asked of the registry for each request.
 */
export class VerifiedChains {
  readonly #known = new Map<
    string,
    { readonly verified: Verified; readonly fromMs: number; readonly untilMs: number }
  >();
  #facts: ChainFacts = { anchors: [], issuers: [] };

  /** What this certificate was found to be, when nothing of what it was checked against has changed since. */
  find(fingerprint: string, facts: ChainFacts, nowMs: number): Verified | undefined {
    if (facts.anchors !== this.#facts.anchors || facts.issuers !== this.#facts.issuers) {
      this.#known.clear();
      this.#facts = facts;
      return undefined;
    }
    const known = this.#known.get(fingerprint);
    if (known === undefined) return undefined;
    return known.fromMs <= nowMs && nowMs <= known.untilMs ? known.verified : undefined;
  }

  /** Keeps a verified certificate for as long as no date of its chain, or of any other CA certificate here, passes. */
  keep(fingerprint: string, leaf: Certificate, verified: Verified): void {
    const all = [leaf, ...this.#facts.anchors, ...this.#facts.issuers];
    this.#known.delete(fingerprint);
    this.#known.set(fingerprint, {
      verified,
      fromMs: Math.max(...all.map(({ notBeforeMs }) => notBeforeMs)),
      untilMs: Math.min(...all.map(({ notAfterMs }) => notAfterMs)),
    });
    if (this.#known.size <= VERIFIED_CHAINS_MAX) return;
    const oldest = this.#known.keys().next();
    if (oldest.done !== true) this.#known.delete(oldest.value);
  }
}
