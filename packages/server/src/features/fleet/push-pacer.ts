import type { HostId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Fetchable } from '@sekisho/core/wire/agent.ts';

/** Agents that are told "come now" in one go, and the pause before the next ones. */
export const PUSHES_AT_ONCE = 20;
export const PUSH_PAUSE_MS = 5;
/** After a pause that took so much longer, half as many are told, down to these few; after one that did not, one more. */
export const PUSH_LATE_MS = 10;
const PUSHES_AT_ONCE_MIN = 4;

/**
 * Tells a fleet to come, a few agents at a time: what all of them ask for at once would be answered in one turn of the event loop, and nobody
 * else would be heard meanwhile. While the loop is busy, the pause is longer by itself, and fewer are told. The first few are told at once;
 * what waits for an agent is told together.
 */
export class PushPacer {
  readonly #clock: Clock;
  readonly #send: (hostId: HostId, fetch: readonly Fetchable[]) => void;
  readonly #waiting = new Map<HostId, Set<Fetchable>>();
  #atOnce = PUSHES_AT_ONCE;
  #left = PUSHES_AT_ONCE;
  #filledMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, send: (hostId: HostId, fetch: readonly Fetchable[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  push(hostId: HostId, fetch: readonly Fetchable[]): void {
    const waits = this.#waiting.get(hostId);
    if (waits !== undefined) {
      for (const one of fetch) waits.add(one);
      return;
    }
    if (this.#waiting.size === 0 && this.#hasRoom()) this.#send(hostId, fetch);
    else {
      this.#waiting.set(hostId, new Set(fetch));
      this.#arm();
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#waiting.clear();
  }

  #arm(): void {
    if (this.#cancel !== undefined) return;
    const dueMs = this.#clock.monotonicMs() + PUSH_PAUSE_MS;
    this.#cancel = this.#clock.timer(PUSH_PAUSE_MS, () => {
      this.#cancel = undefined;
      const isLate = this.#clock.monotonicMs() - dueMs > PUSH_LATE_MS;
      const next = isLate ? Math.floor(this.#atOnce / 2) : this.#atOnce + 1;
      this.#atOnce = Math.min(Math.max(next, PUSHES_AT_ONCE_MIN), PUSHES_AT_ONCE);
      for (const [hostId, fetch] of this.#waiting) {
        if (!this.#hasRoom()) break;
        this.#waiting.delete(hostId);
        this.#send(hostId, [...fetch]);
      }
      if (this.#waiting.size > 0) this.#arm();
    });
  }

  #hasRoom(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#filledMs >= PUSH_PAUSE_MS) {
      this.#filledMs = nowMs;
      this.#left = this.#atOnce;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
