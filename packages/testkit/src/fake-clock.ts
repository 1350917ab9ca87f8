import { DAY_MS, type Clock } from '@sekisho/core/time.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { setImmediate as nextTurn, setTimeout as realDelay } from 'node:timers/promises';

/** How far behind the real clock a FakeClock starts: OpenSSL's own clock cannot be moved, so tests live in the past. */
export const FAKE_CLOCK_BACK_DAYS = 400;
/** Turns of the event loop given to promises after each instant. */
const SETTLE_TURNS = 4;
const SETTLE_REAL_MS = 1;

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly call: () => void;
}

/**
 * A clock that only a test moves. It starts 400 days before the real clock and refuses to pass it.
 * `advance` runs timers and sleepers in order; `jump` moves wall time alone, as a suspended machine or a set clock does.
 */
export class FakeClock implements Clock {
  readonly #startMs: number;
  #wallOffsetMs = 0;
  #elapsedMs = 0;
  #order = 0;
  readonly #timers = new Set<PendingTimer>();

  constructor(options: { startMs?: number } = {}) {
    this.#startMs = options.startMs ?? systemClock.nowMs() - FAKE_CLOCK_BACK_DAYS * DAY_MS;
    this.#refuseTheFuture(this.#startMs);
  }

  nowMs(): number {
    return Math.floor(this.#startMs + this.#wallOffsetMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.timer(delayMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  timer(delayMs: number, call: () => void): () => void {
    this.#order += 1;
    const pending = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order, call };
    this.#timers.add(pending);
    return () => {
      this.#timers.delete(pending);
    };
  }

  /** Timers and sleepers that wait. A stopped program has none. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves both clocks on, stopping at each timer on the way and letting promises settle. */
  async advance(byMs: number): Promise<void> {
    const targetMs = this.#elapsedMs + byMs;
    this.#refuseTheFuture(this.nowMs() + byMs);
    await settle();
    for (let next = this.#earliest(targetMs); next !== undefined; next = this.#earliest(targetMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      this.#timers.delete(next);
      next.call();
      await settle();
    }
    this.#elapsedMs = targetMs;
    await settle();
  }

  /** Moves wall time alone, also backwards; timers run on the other clock and notice at their next turn. */
  jump(byMs: number): void {
    this.#refuseTheFuture(this.nowMs() + byMs);
    this.#wallOffsetMs += byMs;
  }

  #earliest(untilMs: number): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  #refuseTheFuture(wantedMs: number): void {
    if (wantedMs > systemClock.nowMs()) {
      throw new RangeError(
        'a FakeClock never passes the real clock: OpenSSL would see certificates of the future',
      );
    }
  }
}

/** Lets what is ready run: promises, then sockets and files of this machine. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await nextTurn();
  await realDelay(SETTLE_REAL_MS);
  await nextTurn();
}
