import { MINUTE_MS } from '@sekisho/core/time.ts';

/** Refusals of one subject that are written within a minute, and subjects that are told apart. */
export const REFUSALS_PER_MINUTE_MAX = 10;
export const SUBJECTS_MAX = 1_000;

/**
 * Says of each refusal whether it is worth a row: the rest of its minute is in the program's log alone. With another number
 * also for what strangers may begin within a minute.
 */
export class RefusalsKept {
  readonly #perMinuteMax: number;
  readonly #taken = new Map<string, number>();
  #sinceMs = 0;

  constructor(perMinuteMax = REFUSALS_PER_MINUTE_MAX) {
    this.#perMinuteMax = perMinuteMax;
  }

  /** May one more be written of this subject? */
  take(subject: string, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= MINUTE_MS || nowMs < this.#sinceMs) {
      this.#taken.clear();
      this.#sinceMs = nowMs;
    }
    const taken = this.#taken.get(subject) ?? 0;
    if (taken >= this.#perMinuteMax || (taken === 0 && this.#taken.size >= SUBJECTS_MAX)) return false;
    this.#taken.set(subject, taken + 1);
    return true;
  }
}
