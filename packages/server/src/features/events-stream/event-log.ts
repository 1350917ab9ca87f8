import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { lastChange, type ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { resolveChanges, TOLD_KINDS, type ChangeRow, type ToldEvent } from './resolve-changes.ts';

/** Changes that are read at a time. */
export const EVENTS_BATCH_MAX = 200;
/** The newest events are kept for all streams. */
export const EVENTS_KEPT_MAX = 5_000;
/** Whoever is further behind is told to read anew. */
export const EVENTS_REPLAYED_MAX = 20_000;
const RETRY_MS = SECOND_MS;

/** What a stream reads next. */
export interface EventBatch {
  readonly events: readonly ToldEvent[];
  /** The stream is here when it has taken them. */
  readonly position: number;
  /** Changes between were missed: they are gone, or too many. */
  readonly missed: boolean;
}

/**
 * The change feed as events. While somebody listens, it is read once for all streams of this process; who comes back later
 * reads the rows that it missed. Rows are numbered alike on every server, so a stream goes on at another one.
 */
export class EventLog {
  readonly #parts: { store: Store; feed: ChangeFeed; clock: Clock; log: Log };
  readonly #listeners = new Set<() => void>();
  #kept: ToldEvent[] = [];
  /** Everything after this, and up to `#position`, is in `#kept`. */
  #from = 0;
  #position = 0;
  #pumping: Promise<void> | undefined;
  #again = false;
  #unsubscribe: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(parts: { store: Store; feed: ChangeFeed; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  /** How far the feed has been read. */
  get position(): number {
    return this.#position;
  }

  /** Calls when there is more to read; gives how to stop. The first listener starts the reading. */
  async listen(call: () => void): Promise<() => void> {
    this.#listeners.add(call);
    if (this.#unsubscribe === undefined) {
      this.#unsubscribe = this.#parts.feed.subscribe(
        TOLD_KINDS,
        () => {
          this.#pump();
        },
        () => {
          this.#pump();
        },
      );
      this.#pumping = this.#begin().finally(() => {
        this.#pumping = undefined;
        if (this.#again) this.#pump();
      });
    }
    await this.#pumping;
    return () => {
      this.#listeners.delete(call);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancelRetry?.();
    this.#kept = [];
  }

  /** What comes after a position. */
  async after(position: number): Promise<EventBatch> {
    if (position > this.#position) return { events: [], position, missed: false };
    if (position >= this.#from) return this.#fromKept(position);
    if (this.#position - position > EVENTS_REPLAYED_MAX || !(await this.#isThere(position)))
      return { events: [], position: this.#position, missed: true };
    const rows = await this.#rowsAfter(position);
    const last = rows.at(-1);
    const events = await resolveChanges(this.#parts.store.db, rows);
    return {
      events,
      position: rows.length < EVENTS_BATCH_MAX ? this.#position : (last?.seq ?? position),
      missed: false,
    };
  }

  /** Is the position one that the domain has had? After a restore from a backup it may be of the future. */
  async isKnown(position: number): Promise<boolean> {
    return position <= (await lastChange(this.#parts.store));
  }

  #fromKept(position: number): EventBatch {
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#kept[middle]?.seq ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    const events = this.#kept.slice(low, low + EVENTS_BATCH_MAX);
    const isAll = low + EVENTS_BATCH_MAX >= this.#kept.length;
    return { events, position: isAll ? this.#position : (events.at(-1)?.seq ?? position), missed: false };
  }

  async #begin(): Promise<void> {
    this.#kept = [];
    this.#position = await lastChange(this.#parts.store);
    this.#from = this.#position;
  }

  /** Never awaited by the feed: a slow reader must not hold up caches. */
  #pump(): void {
    if (this.#pumping !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#pumping = this.#readOn()
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: error }, 'changes could not be read for event streams');
        this.#cancelRetry?.();
        this.#cancelRetry = this.#parts.clock.timer(RETRY_MS, () => {
          if (this.#unsubscribe !== undefined) this.#pump();
        });
      })
      .finally(() => {
        this.#pumping = undefined;
        if (this.#again && this.#unsubscribe !== undefined) this.#pump();
      });
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const upTo = await lastChange(this.#parts.store);
      const rows = await this.#rowsAfter(this.#position);
      const events = await resolveChanges(this.#parts.store.db, rows);
      this.#kept.push(...events);
      const excess = this.#kept.length - EVENTS_KEPT_MAX;
      if (excess > 0) this.#from = this.#kept.splice(0, excess).at(-1)?.seq ?? this.#from;
      const isAll = rows.length < EVENTS_BATCH_MAX;
      this.#position = Math.max(this.#position, isAll ? upTo : 0, rows.at(-1)?.seq ?? 0);
      for (const call of this.#listeners) call();
      if (isAll) return;
    }
  }

  async #rowsAfter(position: number): Promise<ChangeRow[]> {
    return this.#parts.store.db
      .selectFrom('change_feed')
      .select(['seq', 'kind', 'key'])
      .where('seq', '>', position)
      .where('kind', 'in', TOLD_KINDS)
      .orderBy('seq')
      .limit(EVENTS_BATCH_MAX)
      .execute();
  }

  /** Is the row right after a position still kept? */
  async #isThere(position: number): Promise<boolean> {
    const row = await this.#parts.store.db
      .selectFrom('change_feed')
      .select('seq')
      .where('seq', '=', position + 1)
      .executeTakeFirst();
    return row !== undefined;
  }
}
