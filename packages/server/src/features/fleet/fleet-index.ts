import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { isOnline, ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { Heartbeat } from '@sekisho/core/wire/agent.ts';
import type { Store } from '../../store/store.ts';
import { eachSeen, insertSeen, type SeenRow } from './host-seen.store.ts';

/** Rows of one transaction of a flush: longer ones stall whoever waits behind them. */
export const FLUSH_ROWS_MAX = 250;

/** So many transactions of a flush, then the write-ahead log is moved. */
const MOVE_LOG_BATCHES = 20;

/** What heartbeats said of one host. A class, so that a million of them share one shape. */
export class IndexedHost {
  readonly id: HostId;
  readonly num: number;
  groupId: GroupId;
  /** Zero: never. */
  lastSeenMs = 0;
  bundleGeneration = 0;
  listSerial = 0;
  assignmentSerial = 0;
  policySerial = 0;
  crlNumber = 0;
  /** F-37: of the TLS key that it was last seen to accept while that was new; zero: of none. */
  shownKey = 0;
  /** F-05: when it first said that it refuses its server's certificate; zero: it does not. In seconds, as `backAtSeconds`. */
  orphanedAtSeconds = 0;
  /** Its own period, as it said it; zero: it did not. */
  heartbeatSeconds = 0;
  fingerprint = '';
  version = '';
  health: readonly string[] = [];
  /** F-31: of AGENT_CAPABILITIES; unknown ones are kept. */
  capabilities: readonly string[] = [];
  /** When it was heard again after it had been offline; zero: it was not. In seconds: a small number takes no place of its own. */
  backAtSeconds = 0;
  /** When this process itself heard the host last; zero: not since its start. */
  heardMs = 0;
  /** Of the agent's last start; empty before its first heartbeat. */
  bootId = '';
  /** The one before: an agent never goes back to it, so that two of them are at work when it is heard again. */
  formerBootId = '';
  /** When a second agent was last reported; zero when none was. */
  cloneToldMs = 0;
  /** When another boot ID than before was heard; zero when none was. */
  restartedAtMs = 0;
  spooled = 0;
  /** The serial beyond its group's list that was last told of (F-13); zero when none was. */
  listAhead = 0;
  /** The certificate that lacks what was granted; a heartbeat with it is told to renew. Undefined: not looked at yet. */
  staleFingerprint: string | null | undefined = undefined;

  constructor(id: HostId, num: number, groupId: GroupId) {
    this.id = id;
    this.num = num;
    this.groupId = groupId;
  }
}

/** F-02 All hosts of the domain in memory: a heartbeat costs no SQL, and rows are written in batches. */
export class FleetIndex {
  readonly #store: Store;
  readonly #hosts = new Map<HostId, IndexedHost>();
  readonly #touched = new Set<IndexedHost>();
  readonly #shared = new SharedValues();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads all hosts and what was seen of them; with a moment, only those seen since. Own knowledge that is newer stays. */
  async load(sinceMs?: number): Promise<void> {
    await eachSeen(this.#store, sinceMs, (row) => {
      this.#merge(row);
    });
  }

  /** Takes a host whose row changed, or is new. */
  put(host: { id: HostId; num: number; groupId: GroupId }): IndexedHost {
    let known = this.#hosts.get(host.id);
    const groupId = this.#shared.text(host.groupId);
    if (known === undefined) this.#hosts.set(host.id, (known = new IndexedHost(host.id, host.num, groupId)));
    known.groupId = groupId;
    return known;
  }

  /** What a host that is gone leaves behind: nothing. */
  drop(id: HostId): void {
    const host = this.#hosts.get(id);
    if (host !== undefined) this.#touched.delete(host);
    this.#hosts.delete(id);
  }

  get(id: HostId): IndexedHost | undefined {
    return this.#hosts.get(id);
  }

  get size(): number {
    return this.#hosts.size;
  }

  hosts(): IterableIterator<IndexedHost> {
    return this.#hosts.values();
  }

  /**
   * A heartbeat of a host, with the certificate that its connection showed. Memory only. False when it comes from a second
   * agent with the same identity.
   */
  touch(host: IndexedHost, heartbeat: Heartbeat, fingerprint: string, nowMs: number): boolean {
    const isClone = noteBoot(host, heartbeat.bootId, nowMs);
    host.lastSeenMs = nowMs;
    host.heardMs = nowMs;
    host.bundleGeneration = heartbeat.bundleGeneration;
    host.listSerial = heartbeat.listSerial;
    host.assignmentSerial = heartbeat.assignmentSerial;
    host.policySerial = heartbeat.policySerial;
    host.crlNumber = heartbeat.crlNumber;
    host.heartbeatSeconds = heartbeat.heartbeatSeconds ?? 0;
    host.fingerprint = fingerprint;
    host.version = this.#shared.text(heartbeat.version);
    host.health = this.#shared.list(heartbeat.health);
    if (!host.health.includes(ORPHANED_HEALTH)) host.orphanedAtSeconds = 0;
    else if (host.orphanedAtSeconds === 0) host.orphanedAtSeconds = Math.floor(nowMs / SECOND_MS);
    host.capabilities = this.#shared.sameList(heartbeat.capabilities ?? []);
    host.spooled = heartbeat.spooled;
    this.#touched.add(host);
    return !isClone;
  }

  /** The clock of the machine was set: when hosts were heard goes with it, or they would count as online until it has caught up. */
  clockSet(byMs: number): void {
    for (const host of this.#hosts.values()) {
      if (host.lastSeenMs === 0) continue;
      host.lastSeenMs += byMs;
      host.heardMs = Math.max(0, host.heardMs + byMs);
      const bySeconds = Math.ceil(byMs / SECOND_MS);
      host.backAtSeconds = Math.max(0, host.backAtSeconds + bySeconds);
      if (host.orphanedAtSeconds > 0)
        host.orphanedAtSeconds = Math.max(1, host.orphanedAtSeconds + bySeconds);
    }
  }

  /** F-05 Before it is touched: a host that was offline is back now. `heartbeatSeconds`: its period. */
  noteReturn(host: IndexedHost, heartbeatSeconds: number, atMs: number): void {
    if (host.lastSeenMs === 0 || isOnline(host.lastSeenMs, heartbeatSeconds, atMs)) return;
    host.backAtSeconds = Math.floor(atMs / SECOND_MS);
  }

  /** F-37 The host accepted the server's new certificate in a handshake. */
  noteShown(host: IndexedHost, mark: number): void {
    host.shownKey = mark;
    if (host.lastSeenMs > 0) this.#touched.add(host);
  }

  /** Writes what changed since the last flush; what fails stays for the next one. Returns how many rows were written. */
  async flush(): Promise<number> {
    let written = 0;
    for (let batches = 1; this.#touched.size > 0; batches += 1) {
      const batch = [...this.#touched.values().take(FLUSH_ROWS_MAX)];
      for (const host of batch) this.#touched.delete(host);
      try {
        await this.#store.relaxed((tx) => insertSeen(tx, batch));
      } catch (error) {
        for (const host of batch) this.#touched.add(host);
        throw error;
      }
      written += batch.length;
      // on another thread, before the log is so long that this one has to do it
      if (batches % MOVE_LOG_BATCHES === 0) void this.#store.moveLog();
      await breathe();
    }
    return written;
  }

  /** Online by what was seen alone; an open channel is known elsewhere. */
  isOnline(host: IndexedHost, heartbeatSeconds: number, nowMs: number): boolean {
    return host.lastSeenMs > 0 && isOnline(host.lastSeenMs, heartbeatSeconds, nowMs);
  }

  /** What another server process saw counts when it is newer. */
  #merge(row: SeenRow): void {
    const host = this.put(row);
    if (row.lastSeenMs >= host.lastSeenMs && row.shownKey !== 0) host.shownKey = row.shownKey;
    if (row.lastSeenMs <= host.lastSeenMs) return;
    noteBoot(host, row.bootId, row.lastSeenMs);
    // an agent of old that does not say its period is heard by its own server process alone
    if (row.heartbeatSeconds > 0) this.noteReturn(host, row.heartbeatSeconds, row.lastSeenMs);
    host.lastSeenMs = row.lastSeenMs;
    host.bundleGeneration = row.bundleGeneration;
    host.listSerial = row.listSerial;
    host.assignmentSerial = row.assignmentSerial;
    host.policySerial = row.policySerial;
    host.crlNumber = row.crlNumber;
    host.heartbeatSeconds = row.heartbeatSeconds;
    host.fingerprint = row.fingerprint;
    host.version = this.#shared.text(row.version);
    host.health = this.#shared.list(row.health);
    host.orphanedAtSeconds = row.orphanedAtSeconds;
    host.capabilities = this.#shared.sameList(row.capabilities);
  }
}

/** Different texts that are kept once for all hosts; with more of them each host keeps its own. */
const SHARED_TEXTS_MAX = 10_000;
/** The same for lists. */
const SHARED_LISTS_MAX = 1_000;

/** Groups, versions and the empty list of complaints are the same for most hosts: one copy of each does for a million. */
class SharedValues {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();
  readonly #none: readonly string[] = [];

  text<Text extends string>(text: Text): Text {
    const known = this.#texts.get(text);
    if (known !== undefined) return known as Text; // the key was that text
    if (this.#texts.size < SHARED_TEXTS_MAX) this.#texts.set(text, text);
    return text;
  }

  list(list: readonly string[]): readonly string[] {
    return list.length === 0 ? this.#none : list;
  }

  /** For lists that most hosts have alike. */
  sameList(list: readonly string[]): readonly string[] {
    if (list.length === 0) return this.#none;
    const key = list.join(' ');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    if (this.#lists.size < SHARED_LISTS_MAX) this.#lists.set(key, list);
    return list;
  }
}

/** Lets everybody else have a turn: SQLite answers at once, so that a flush would never give one back by itself. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The agent was started again when its boot ID is another; going back to the one before is a second agent's: true. */
function noteBoot(host: IndexedHost, bootId: string, atMs: number): boolean {
  if (host.bootId === bootId) return false;
  const isClone = host.bootId !== '' && host.formerBootId === bootId;
  if (host.bootId !== '' && !isClone) host.restartedAtMs = atMs;
  host.formerBootId = host.bootId;
  host.bootId = bootId;
  return isClone;
}
