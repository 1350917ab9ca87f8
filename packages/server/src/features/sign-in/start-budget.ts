import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { FastifyRequest } from 'fastify';
import { addressKey } from '../../http/connections.ts';
import { originOf } from '../../http/request-origin.ts';

/** Sign-ins of one kind that one address may begin within a minute. */
export const STARTS_PER_MINUTE_MAX = 60;
/** Addresses that are told apart; those beyond are counted as one. */
export const STARTING_ADDRESSES_MAX = 1_000;
const OTHERS = '';

/** Bounds what one address begins, in this process. The call refuses with RATE_LIMITED. */
export function createStartBudget(): (request: FastifyRequest, nowMs: number) => void {
  const starts = new PerMinute(STARTS_PER_MINUTE_MAX, STARTING_ADDRESSES_MAX);
  return (request, nowMs) => {
    if (!starts.take(addressKey(originOf(request)), nowMs))
      throw new AppError('RATE_LIMITED', { retrySeconds: MINUTE_MS / SECOND_MS });
  };
}

/** Counts what is done within a minute, by subject. */
export class PerMinute {
  readonly #timesMax: number;
  readonly #subjectsMax: number;
  readonly #taken = new Map<string, number>();
  #sinceMs = 0;

  constructor(timesMax: number, subjectsMax: number) {
    this.#timesMax = timesMax;
    this.#subjectsMax = subjectsMax;
  }

  /** May this subject do it once more? */
  take(subject: string, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= MINUTE_MS || nowMs < this.#sinceMs) {
      this.#taken.clear();
      this.#sinceMs = nowMs;
    }
    const isToldApart = this.#taken.has(subject) || this.#taken.size < this.#subjectsMax;
    const counted = isToldApart ? subject : OTHERS;
    const taken = this.#taken.get(counted) ?? 0;
    if (taken >= this.#timesMax) return false;
    this.#taken.set(counted, taken + 1);
    return true;
  }
}
