import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import type { MappingKind } from '@sekisho/core/rules/naming.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import {
  allPending,
  eachMapping,
  mappingsOfHosts,
  mappingsOfNames,
  pendingOfNames,
  type MappingRow,
  type PendingRow,
} from './name-rows.ts';

/** The counter of decisions about names: agents that hold another number ask again. */
export const NAMES_COUNTER = 'names';

/** Who goes by a name. Nearly every name has one host; others follow in a chain. */
export interface IndexedName {
  readonly hostId: HostId;
  readonly kind: MappingKind;
  readonly next: IndexedName | undefined;
}

/** T-31 All names of the domain in memory, and what waits: filled from the store, moved on by the change feed. */
export class NameIndex {
  readonly #store: Store;
  #names = new Map<string, IndexedName>();
  /** How many names of a host were mapped automatically; hosts without one are left out. */
  #automatic = new Map<HostId, number>();
  /** When hosts were last met under addresses that were mapped automatically. */
  #seen = new Map<string, number>();
  #pending = new Map<string, PendingRow>();
  #generation = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Fills it; the feed runs already. */
  async start(feed: ChangeFeed): Promise<void> {
    feed.subscribeMany(
      ['host', 'name', 'name-found'],
      async (changes) => {
        const keysOf = (...kinds: string[]): string[] => [
          ...new Set(changes.filter(({ kind }) => kinds.includes(kind)).map(({ key }) => key)),
        ];
        await this.#readNames(keysOf('name', 'name-found'));
        await this.#readHosts(keysOf('host').flatMap((key) => parseHostId(key) ?? []));
        if (changes.some(({ kind }) => kind === 'name')) await this.#readGeneration();
      },
      () => this.#fill(),
    );
    await this.#fill();
  }

  /** Counts decisions of administrators about names. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#names.size;
  }

  /** By a canonical name. */
  find(name: string): IndexedName | undefined {
    return this.#names.get(name);
  }

  /** When its host was last met under an address that was mapped automatically. */
  lastSeenMs(name: string): number | undefined {
    return this.#seen.get(name);
  }

  /** The host was met there: it is written later. */
  see(name: string, nowMs: number): void {
    this.#seen.set(name, nowMs);
  }

  automaticOf(hostId: HostId): number {
    return this.#automatic.get(hostId) ?? 0;
  }

  pending(name: string, hostId: HostId): PendingRow | undefined {
    return this.#pending.get(keyOf(name, hostId));
  }

  get pendingSize(): number {
    return this.#pending.size;
  }

  /** How many that wait were met by this host. */
  pendingMetBy(asker: HostId): number {
    let met = 0;
    for (const row of this.#pending.values()) if (row.askedBy === asker) met += 1;
    return met;
  }

  async #fill(): Promise<void> {
    const before = { names: this.#names, automatic: this.#automatic, seen: this.#seen };
    this.#names = new Map();
    this.#seen = new Map();
    this.#automatic = new Map();
    try {
      let shared: HostId | undefined;
      await eachMapping(this.#store, (row) => {
        // names of a host come together: they share its ID in memory
        shared = shared === row.hostId ? shared : row.hostId;
        this.#put(row.name, { hostId: shared, kind: row.kind, lastSeenMs: row.lastSeenMs });
      });
    } catch (error) {
      this.#names = before.names;
      this.#automatic = before.automatic;
      this.#seen = before.seen;
      throw error;
    }
    this.#pending = new Map(
      (await allPending(this.#store.db)).map((row) => [keyOf(row.name, row.hostId), row]),
    );
    await this.#readGeneration();
  }

  async #readNames(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const mappings = await mappingsOfNames(this.#store.db, names);
    const pending = await pendingOfNames(this.#store.db, names);
    for (const name of names) this.#drop(name);
    for (const row of mappings) this.#put(row.name, row);
    const read = new Set(names);
    for (const [key, row] of this.#pending) if (read.has(row.name)) this.#pending.delete(key);
    for (const row of pending) this.#pending.set(keyOf(row.name, row.hostId), row);
  }

  /** New hosts, of which many may come at once. What is taken from a host is told by the name. */
  async #readHosts(ids: readonly HostId[]): Promise<void> {
    if (ids.length === 0) return;
    for (const row of await mappingsOfHosts(this.#store.db, ids)) {
      if (!this.#has(row)) this.#put(row.name, row);
    }
  }

  async #readGeneration(): Promise<void> {
    const row = await this.#store.db
      .selectFrom('counters')
      .select('value')
      .where('name', '=', NAMES_COUNTER)
      .executeTakeFirst();
    this.#generation = row?.value ?? 0;
  }

  #has({ name, hostId, kind }: MappingRow): boolean {
    for (let one = this.#names.get(name); one !== undefined; one = one.next)
      if (one.hostId === hostId) return one.kind === kind;
    return false;
  }

  #put(name: string, { hostId, kind, lastSeenMs }: Pick<MappingRow, 'hostId' | 'kind' | 'lastSeenMs'>): void {
    if (kind === 'automatic' && lastSeenMs !== null) this.#seen.set(name, lastSeenMs);
    else this.#seen.delete(name);
    let next: IndexedName | undefined;
    for (const other of this.#chain(name)) {
      if (other.hostId === hostId) this.#count(other, -1);
      else next = { hostId: other.hostId, kind: other.kind, next };
    }
    const entry = { hostId, kind, next };
    this.#names.set(name, entry);
    this.#count(entry, 1);
  }

  #drop(name: string): void {
    for (const entry of this.#chain(name)) this.#count(entry, -1);
    this.#names.delete(name);
    this.#seen.delete(name);
  }

  #chain(name: string): IndexedName[] {
    const chain: IndexedName[] = [];
    for (let one = this.#names.get(name); one !== undefined; one = one.next) chain.push(one);
    return chain;
  }

  #count({ hostId, kind }: IndexedName, change: number): void {
    if (kind !== 'automatic') return;
    const count = (this.#automatic.get(hostId) ?? 0) + change;
    if (count > 0) this.#automatic.set(hostId, count);
    else this.#automatic.delete(hostId);
  }
}

const keyOf = (name: string, hostId: HostId): string => `${hostId} ${name}`;
