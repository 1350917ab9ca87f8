import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';

/** Requests without TLS of one host in a minute: a heartbeat, all that it says is new, and again. */
export const SIGNED_REQUESTS_PER_MINUTE_MAX = 60;
/** Signatures that were refused in a minute in the name of one host at one address; then none is looked at. */
export const REFUSED_SIGNATURES_PER_MINUTE_MAX = 120;
/** Hosts and addresses that are counted at a time; the one that came first is forgotten first. */
export const COUNTED_MAX = 50_000;

/** How often something happened in this minute, by its key. In memory: each server process counts for itself. */
export class MinuteCounts {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #counts = new Map<string, number>();
  #startedMs = 0;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** @throws AppError RATE_LIMITED with the seconds to wait, when there were too many already */
  require(key: string): void {
    const nowMs = this.#turn();
    if ((this.#counts.get(key) ?? 0) < this.#max) return;
    const retrySeconds = Math.max(1, Math.ceil((this.#startedMs + MINUTE_MS - nowMs) / SECOND_MS));
    throw new AppError('RATE_LIMITED', { retrySeconds });
  }

  add(key: string): void {
    this.#turn();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (this.#counts.size <= COUNTED_MAX) return;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }

  #turn(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#startedMs >= MINUTE_MS) {
      this.#startedMs = nowMs;
      this.#counts.clear();
    }
    return nowMs;
  }
}
