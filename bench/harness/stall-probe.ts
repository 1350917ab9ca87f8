/** Looks how long the event loop stands still: a callback that comes back at once, again and again. */
export class StallProbe {
  #lastMs = performance.now();
  #longestMs = 0;
  #ended = false;

  constructor() {
    const look = (): void => {
      const nowMs = performance.now();
      this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
      this.#lastMs = nowMs;
      if (!this.#ended) setImmediate(look);
    };
    setImmediate(look);
  }

  /** The longest time in milliseconds in which nothing else could run. */
  end(): number {
    this.#ended = true;
    return this.#longestMs;
  }
}
