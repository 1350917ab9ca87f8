import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { addressKey } from '../../http/connections.ts';

/** Answers that are signed for one address: a signature costs what a hundred kept answers do. */
export const OCSP_SIGNATURES_PER_SECOND_MAX = 500;
/** What may come at once. */
export const OCSP_SIGNATURES_BURST_MAX = 1_000;
/** Addresses that are remembered; the one longest not seen is forgotten first. */
export const OCSP_ADDRESSES_MAX = 10_000;

/** How often an answer is signed for one address. In memory: each server process counts for itself. */
export class OcspLimits {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when this address has had enough for the moment. */
  take(remoteAddress: string | undefined): boolean {
    const key = addressKey(remoteAddress);
    const atMs = this.#clock.monotonicMs();
    const known = this.#buckets.get(key);
    const gainedMs = known === undefined ? 0 : atMs - known.atMs;
    const left = Math.min(
      (known?.left ?? OCSP_SIGNATURES_BURST_MAX) + (gainedMs * OCSP_SIGNATURES_PER_SECOND_MAX) / SECOND_MS,
      OCSP_SIGNATURES_BURST_MAX,
    );
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: Math.max(0, left - 1), atMs });
    if (this.#buckets.size > OCSP_ADDRESSES_MAX) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    return left >= 1;
  }
}
