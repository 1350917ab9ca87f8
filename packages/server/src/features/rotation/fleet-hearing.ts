import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Store } from '../../store/store.ts';
import { listWorkers } from '../../store/workers.ts';
import type { FleetIndex } from '../fleet/fleet-index.ts';

/** What other server processes heard is written by them within this while no update is open (with room for their clocks). */
const REST_BACK_MS = 45 * SECOND_MS;
/** The same while one is: each second. */
const OPEN_BACK_MS = 10 * SECOND_MS;
/** From the moment at which an update is known here until each other process has written once what it had heard before: twice its second, and a half for the feed. */
export const OTHERS_WRITE_MS = 2_500;

/**
 * What other server processes hear of hosts: read before a gate or a dry run judges the fleet. The first time everything is read, for hosts
 * that were never heard here would not be missed; from then on what is new. On SQLite there is nobody else.
 */
export class FleetHearing {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #index: FleetIndex;
  #readMs: number | undefined;
  readonly #openId: () => string | undefined;
  /** The update that is open, and since when this process looks at it by the monotonic clock. */
  #open: { readonly id: string; readonly sinceMs: number } | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: { store: Store; clock: Clock; index: FleetIndex; openId: () => string | undefined }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#index = parts.index;
    this.#openId = parts.openId;
  }

  /** Reads what is new, and writes what is new here; one at a time. */
  catchUp(): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#read());
    return this.#turn;
  }

  /**
   * False: another server process may have heard hosts of which it has not written anything yet, so nothing is decided. A process that
   * begins to look knows of hosts that enrolled a moment ago only that they exist.
   */
  async hasHeardOthers(): Promise<boolean> {
    if (this.#store.dialect !== 'postgres' || this.#openForMs() >= OTHERS_WRITE_MS) return true;
    const live = (await listWorkers(this.#store)).filter((worker) => worker.live);
    return live.length <= 1;
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
    return this.#openForMs() > REST_BACK_MS ? OPEN_BACK_MS : REST_BACK_MS;
  }

  /** How long this process has looked at the update that is open; 0 when none is. */
  #openForMs(): number {
    const id = this.#openId();
    if (id === undefined) return 0;
    const nowMs = this.#clock.monotonicMs();
    if (this.#open?.id !== id) this.#open = { id, sinceMs: nowMs };
    return nowMs - this.#open.sinceMs;
  }
}
