import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { isChangeKind, type Change, type ChangeKind } from './change-kinds.ts';
import { prepared } from './prepared.ts';
import { FEED_COUNTER } from './record-change.ts';
import type { Store } from './store.ts';

export const FEED_POLL_MS = SECOND_MS;
/** A worker that can't read the feed for so long drops its sessions and is not ready. */
export const FEED_STALE_MS = 5 * SECOND_MS;
export const FEED_BATCH_ROWS_MAX = 1_000;
/** Older changes are removed; a reader that far behind fills its caches anew. */
export const FEED_ROWS_KEPT_MAX = 100_000;

interface Subscriber {
  readonly kinds: ReadonlySet<ChangeKind>;
  readonly onChange: ((change: Change) => void | Promise<void>) | undefined;
  readonly onChanges: ((changes: readonly Change[]) => void | Promise<void>) | undefined;
  readonly refill: (() => void | Promise<void>) | undefined;
}

/**
 * Reads the change feed in order and moves caches on. Wakes come from the store; it also polls every second and whenever
 * a wake comes back after an interruption. A subscriber that fails keeps the feed where it is, and so makes it stale.
 */
export class ChangeFeed {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onStale: () => void;
  readonly #onFresh: () => void;
  readonly #subscribers = new Set<Subscriber>();
  #position = 0;
  /** The row at the position, when there is one: another in its place means that the database is not the one it was. */
  #taken: FeedRow | undefined;
  #lastReadMs: number | undefined;
  #staleReported = false;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #stopWakes: (() => void) | undefined;
  #stopPoll: (() => void) | undefined;
  #stopDeadline: (() => void) | undefined;

  constructor(parts: {
    store: Store;
    clock: Clock;
    log: Log;
    /** Called once when the feed could not be read for 5 s. */
    onStale?: () => void;
    /** Called once when it can be read again. */
    onFresh?: () => void;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onStale = parts.onStale ?? (() => undefined);
    this.#onFresh = parts.onFresh ?? (() => undefined);
  }

  /** The number of the last change that every subscriber has taken. */
  get position(): number {
    return this.#position;
  }

  /** False before the start, and when nothing was read successfully for 5 s. */
  get fresh(): boolean {
    return this.#lastReadMs !== undefined && this.#clock.monotonicMs() - this.#lastReadMs < FEED_STALE_MS;
  }

  /** Milliseconds since the feed was last read to its end. */
  get lagMs(): number {
    return this.#lastReadMs === undefined ? 0 : this.#clock.monotonicMs() - this.#lastReadMs;
  }

  /**
   * Takes the changes of these kinds, in order, each at least once: read the row anew by its key. Subscribe first, then
   * fill the cache. `refill` is called when changes were missed (the reader was away too long).
   */
  subscribe(
    kinds: readonly ChangeKind[],
    onChange: (change: Change) => void | Promise<void>,
    refill?: () => void | Promise<void>,
  ): () => void {
    return this.#add({ kinds: new Set(kinds), onChange, onChanges: undefined, refill });
  }

  /** The same with all changes of one read at a time, of which there may be many: rows can be read together. */
  subscribeMany(
    kinds: readonly ChangeKind[],
    onChanges: (changes: readonly Change[]) => void | Promise<void>,
    refill?: () => void | Promise<void>,
  ): () => void {
    return this.#add({ kinds: new Set(kinds), onChange: undefined, onChanges, refill });
  }

  #add(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /** Begins at the present end of the feed. Fill caches after this. */
  async start(): Promise<void> {
    const readMs = this.#clock.monotonicMs();
    await this.#goTo(await lastChange(this.#store));
    this.#succeeded(readMs);
    this.#stopWakes = this.#store.onChange(() => {
      this.#read();
    });
    this.#poll();
  }

  /** No callback comes after this; a read under way is waited for. */
  async stop(): Promise<void> {
    this.#stopWakes?.();
    this.#stopPoll?.();
    this.#stopDeadline?.();
    this.#stopPoll = undefined;
    this.#lastReadMs = undefined;
    this.#staleReported = true;
    await (this.#next ?? this.#reading)?.catch(() => undefined);
    this.#stopDeadline?.();
  }

  /** Resolves when every change committed before this call has been taken by its subscribers; rejects when that failed. */
  catchUp(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#reading === undefined) {
      this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    // the read under way may have passed the end already: one more follows it
    this.#next = this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.catchUp();
      });
    return this.#next;
  }

  #poll(): void {
    this.#stopPoll = this.#clock.timer(FEED_POLL_MS, () => {
      if (this.#stopPoll === undefined) return;
      this.#read();
      this.#poll();
    });
  }

  #read(): void {
    this.catchUp().catch((error: unknown) => {
      this.#log.warn({ err: error }, 'change feed could not be read');
    });
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const readMs = this.#clock.monotonicMs();
      const found = await selectChanges.rows(this.#store.db, { position: this.#position });
      if (this.#taken !== undefined && !isSame(found[0], this.#taken)) {
        // pruned; or numbers are given a second time: the database failed over without the last changes, or is a backup
        const first = found[0]?.seq ?? 0;
        await this.#refill(first > this.#position ? first - 1 : await lastChange(this.#store));
        continue;
      }
      const rows = found.filter(({ seq }) => seq > this.#position);
      const first = rows[0];
      if (first !== undefined && first.seq > this.#position + 1) await this.#refill(first.seq - 1);
      await this.#deliverTogether(rows);
      for (const row of rows) {
        const { seq, kind, key } = row;
        if (isChangeKind(kind)) await this.#deliver({ seq, kind, key });
        this.#position = seq;
        this.#taken = row;
      }
      if (found.length < FEED_BATCH_ROWS_MAX) {
        this.#succeeded(readMs);
        return;
      }
    }
  }

  async #deliver(change: Change): Promise<void> {
    for (const { kinds, onChange } of this.#subscribers) {
      if (onChange !== undefined && kinds.has(change.kind)) await onChange(change);
    }
  }

  /** Before the position moves: who fails after this gets them once more. */
  async #deliverTogether(rows: readonly { seq: number; kind: string; key: string }[]): Promise<void> {
    for (const { kinds, onChanges } of this.#subscribers) {
      if (onChanges === undefined) continue;
      const changes = rows.flatMap(({ seq, kind, key }) =>
        isChangeKind(kind) && kinds.has(kind) ? [{ seq, kind, key }] : [],
      );
      if (changes.length > 0) await onChanges(changes);
    }
  }

  async #refill(position: number): Promise<void> {
    this.#log.warn({ from: this.#position, to: position }, 'changes were missed: caches are filled anew');
    for (const { refill } of this.#subscribers) {
      if (refill === undefined) throw new Error('changes were missed, and a cache cannot be filled anew');
      await refill();
    }
    await this.#goTo(position);
  }

  async #goTo(position: number): Promise<void> {
    this.#position = position;
    const [row] = await selectChanges.rows(this.#store.db, { position });
    this.#taken = row?.seq === position ? row : undefined;
  }

  #succeeded(readMs: number): void {
    if (this.#staleReported && this.#stopPoll === undefined) return; // stopped
    this.#lastReadMs = readMs;
    this.#stopDeadline?.();
    // after a suspension what was read may be stale already
    const leftMs = Math.max(0, FEED_STALE_MS - (this.#clock.monotonicMs() - readMs));
    this.#stopDeadline = this.#clock.timer(leftMs, () => {
      this.#staleReported = true;
      this.#log.error({}, 'change feed is stale');
      this.#onStale();
    });
    if (!this.#staleReported) return;
    this.#staleReported = false;
    this.#onFresh();
  }
}

interface FeedRow {
  readonly seq: number;
  readonly kind: string;
  readonly key: string;
  readonly at_ms: number;
}

const isSame = (found: FeedRow | undefined, taken: FeedRow): boolean =>
  found?.seq === taken.seq &&
  found.kind === taken.kind &&
  found.key === taken.key &&
  found.at_ms === taken.at_ms;

const selectChanges = prepared((db, from: { position: number }) =>
  db
    .selectFrom('change_feed')
    .select(['seq', 'kind', 'key', 'at_ms'])
    .where('seq', '>=', from.position)
    .orderBy('seq')
    .limit(FEED_BATCH_ROWS_MAX),
);

/** The number of the last change of the domain; 0 when there was none. */
export async function lastChange(store: Store): Promise<number> {
  const row = await store.db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', FEED_COUNTER)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/** Removes what is older than the last 100,000 changes; returns how many rows went. */
export async function pruneChangeFeed(store: Store): Promise<number> {
  const upTo = (await lastChange(store)) - FEED_ROWS_KEPT_MAX;
  if (upTo <= 0) return 0;
  const { numDeletedRows } = await store.db
    .deleteFrom('change_feed')
    .where('seq', '<=', upTo)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
