import type { HostId } from '@sekisho/core/ids.ts';
import { NEW_NAMES_PER_HOST_PER_MINUTE_MAX, NEW_NAMES_PER_MINUTE_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';

/** How many new names hosts may bring up in a minute. In memory: each server process counts for itself. */
export class NewNameLimits {
  readonly #clock: Clock;
  /** Of this minute alone, so no more of them than names. */
  readonly #perHost = new Map<HostId, number>();
  #startedMs = 0;
  #all = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one; the seconds to wait when it is too many. */
  take(asker: HostId): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#startedMs >= MINUTE_MS) {
      this.#startedMs = nowMs;
      this.#all = 0;
      this.#perHost.clear();
    }
    const mine = this.#perHost.get(asker) ?? 0;
    if (mine >= NEW_NAMES_PER_HOST_PER_MINUTE_MAX || this.#all >= NEW_NAMES_PER_MINUTE_MAX)
      return Math.max(1, Math.ceil((this.#startedMs + MINUTE_MS - nowMs) / SECOND_MS));
    this.#perHost.set(asker, mine + 1);
    this.#all += 1;
    return undefined;
  }
}
