/** Each bucket ends this much above the one before: how exact a percentile is. */
const STEP = 1.02;
const FIRST_MS = 0.05;

/** Durations in milliseconds, counted in buckets: any number of them costs the same memory. */
export class LatencyBook {
  readonly #buckets: number[] = [];
  #count = 0;
  #maxMs = 0;

  add(durationMs: number): void {
    const at = Math.max(0, Math.ceil(Math.log(durationMs / FIRST_MS) / Math.log(STEP)));
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  /** The duration that so many of a hundred did not exceed (at most 2 % too high); zero without any. */
  percentileMs(percent: number): number {
    let left = Math.ceil((this.#count * percent) / 100);
    for (const [at, count] of this.#buckets.entries()) {
      left -= count ?? 0;
      if (left <= 0) return Math.min(this.#maxMs, FIRST_MS * STEP ** at);
    }
    return 0;
  }

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }
}
