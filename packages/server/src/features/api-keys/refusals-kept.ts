import { MINUTE_MS } from '@sekisho/core/time.ts';

/** Refusals of one subject that are written within a minute, and subjects that are told apart: those beyond are counted as one. */
export const REFUSALS_PER_MINUTE_MAX = 10;
export const SUBJECTS_MAX = 1_000;
const OTHERS = '';

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
    const isToldApart = this.#taken.has(subject) || this.#taken.size < SUBJECTS_MAX;
    const counted = isToldApart ? subject : OTHERS;
    const taken = this.#taken.get(counted) ?? 0;
    if (taken >= this.#perMinuteMax) return false;
    this.#taken.set(counted, taken + 1);
    return true;
  }
}
