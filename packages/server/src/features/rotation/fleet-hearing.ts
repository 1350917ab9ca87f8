import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Store } from '../../store/store.ts';
import type { FleetIndex } from '../fleet/fleet-index.ts';

/** What other server processes heard is written by them within this while no update is open (with room for their clocks). */
const REST_BACK_MS = 45 * SECOND_MS;
/** The same while one is: each second. */
const OPEN_BACK_MS = 10 * SECOND_MS;

/**
 * What other server processes hear of hosts: read before a gate or a dry run judges the fleet. The first time everything is read, for hosts
 * that were never heard here would not be missed; from then on what is new. On SQLite there is nobody else.
 */
export class FleetHearing {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #index: FleetIndex;
  #readMs: number | undefined;
  readonly #isOpen: () => boolean;
  /** By the monotonic clock; undefined while no update is open. */
  #openSinceMs: number | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: { store: Store; clock: Clock; index: FleetIndex; isOpen: () => boolean }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#index = parts.index;
    this.#isOpen = parts.isOpen;
  }

  /** Reads what is new, and writes what is new here; one at a time. */
  catchUp(): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#read());
    return this.#turn;
  }

  async #read(): Promise<void> {
    if (this.#store.dialect !== 'postgres') return;
    await this.#index.flush();
    const nowMs = this.#clock.nowMs();
    const backMs = this.#backMs();
    await this.#index.load(this.#readMs === undefined ? undefined : Math.min(this.#readMs, nowMs) - backMs);
    this.#readMs = nowMs;
  }

  /** At first others may still write what they heard before they knew of the update. */
  #backMs(): number {
    if (!this.#isOpen()) this.#openSinceMs = undefined;
    else this.#openSinceMs ??= this.#clock.monotonicMs();
    const isSettled =
      this.#openSinceMs !== undefined && this.#clock.monotonicMs() - this.#openSinceMs > REST_BACK_MS;
    return isSettled ? OPEN_BACK_MS : REST_BACK_MS;
  }
}
