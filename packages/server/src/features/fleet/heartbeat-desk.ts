import type { GroupId, HostId, JobId, ListId } from '@sekisho/core/ids.ts';
import { OFFERS_PER_REPLY_MAX } from '@sekisho/core/limits.ts';
import { decideFetch } from '@sekisho/core/rules/heartbeat.ts';
import { believedReply, isOffAt, type Verification } from '@sekisho/core/rules/verification.ts';
import { HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import type { Fetchable, Heartbeat, HeartbeatReply, RenewalInformation } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Store } from '../../store/store.ts';
import { readGroupTree, type SettingDefaults } from '../groups/group-tree.ts';
import type { OpenWork } from '../jobs/open-work.ts';
import { staleCertificate } from './check-certificate.ts';
import type { FleetDocuments } from './fleet-context.ts';
import type { NewestSerials } from '../rotation/gate-hosts.ts';
import type { RekeyPacer } from '../rotation/rekey-pacer.ts';
import type { FleetIndex, IndexedHost } from './fleet-index.ts';
import type { AheadType } from './outrank-document.ts';
import { findHost } from './read-hosts.ts';

/** A second agent of one host is reported no more often than this. */
const CLONE_TOLD_EVERY_MS = HOUR_MS;

export interface HeartbeatParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly index: FleetIndex;
  readonly work: OpenWork;
  readonly documents: FleetDocuments;
  /** What groups have that nobody set otherwise. */
  readonly defaults: SettingDefaults;
  /** Number of the newest revocation list. */
  readonly crlNumber: () => number;
  /** T-33: the count of decisions about names. */
  readonly namesGeneration: () => number;
  /** T-09: what a host is to be told about the renewal of that certificate. */
  readonly renewalOf: (hostId: HostId, fingerprint: string) => RenewalInformation | undefined;
  /** F-37: is this host to have a certificate of another CA, and is it its turn? */
  readonly rekeys?: Pick<RekeyPacer, 'admits'>;
  /** Two agents report with the identity of this host. */
  readonly onClone?: (hostId: HostId) => void;
  /** F-13, F-37 A host holds a document of a higher serial than the newest that is meant for it. */
  readonly onAhead?: (host: IndexedHost, type: AheadType, scope: string, serial: number) => void;
}

/** What the server itself needs of a group's settings. */
interface Heard {
  readonly heartbeatSeconds: number;
  readonly list: ListId;
  readonly verification: Verification;
  readonly mapsNames: boolean;
}

/** Answers heartbeats out of memory, whichever way they come (F-02). */
export class HeartbeatDesk {
  readonly #parts: HeartbeatParts;
  /** Heartbeats answered since the start. */
  answered = 0;
  #settings = new Map<GroupId, Heard>();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Reads what holds for each group. */
  async load(): Promise<void> {
    const { store, defaults } = this.#parts;
    const tree = await readGroupTree(store.db);
    const read = new Map<GroupId, Heard>();
    for (const { id } of tree.groups()) {
      const { heartbeatSeconds, list, verification, mapNames } = tree.settingsOf(id, defaults);
      read.set(id, {
        heartbeatSeconds: heartbeatSeconds.value,
        list: list.value,
        verification: verification.value,
        mapsNames: mapNames.value === 'on',
      });
    }
    this.#settings = read;
  }

  /** F-02: seconds between two heartbeats of this host: as its group says, and while it has not heard of that, as it does it. */
  periodOf({ groupId, heartbeatSeconds }: IndexedHost): number {
    const wanted = this.#settings.get(groupId)?.heartbeatSeconds ?? this.#parts.defaults.heartbeatSeconds;
    return Math.max(wanted, heartbeatSeconds);
  }

  /** F-20 Does this host not verify its server at the moment? Then nothing is told to it but what is signed. */
  isOff({ groupId }: IndexedHost): boolean {
    const found = this.#settings.get(groupId);
    return found !== undefined && isOffAt(found.verification, this.#parts.clock.nowMs());
  }

  /** T-31 Are free names of this host mapped by themselves? Undefined for one that is not known. */
  mapsNames(id: HostId): boolean | undefined {
    const host = this.#parts.index.get(id);
    return host === undefined ? undefined : this.#settings.get(host.groupId)?.mapsNames;
  }

  /** `periodOf` by ID; of a host that is not known: the default. */
  periodOfId(id: HostId): number {
    const host = this.#parts.index.get(id);
    return host === undefined ? this.#parts.defaults.heartbeatSeconds : this.periodOf(host);
  }

  /** The shortest period of any group, in seconds. */
  get shortestPeriod(): number {
    let shortest = this.#parts.defaults.heartbeatSeconds;
    for (const { heartbeatSeconds } of this.#settings.values())
      shortest = Math.min(shortest, heartbeatSeconds);
    return shortest;
  }

  /** The host of a verified peer, if it is in memory. */
  known(hostId: HostId): IndexedHost | undefined {
    return this.#parts.index.get(hostId);
  }

  /** The host of a verified peer; read from the store when it is so new that the change feed has not told of it. */
  async hostOf(hostId: HostId): Promise<IndexedHost | undefined> {
    const { index, store } = this.#parts;
    const known = index.get(hostId);
    if (known !== undefined) return known;
    const host = await findHost(store.db, hostId);
    return host === undefined || host.isServer ? undefined : index.put(host);
  }

  /**
   * The answer to a heartbeat by POST. While a channel of the host is open, that agent is the one that counts: another one
   * with the same identity gets nothing to do here, and the channel decides between them.
   */
  async answerPost(
    host: IndexedHost,
    fingerprint: string,
    heartbeat: Heartbeat,
    channelIsOpen: boolean,
  ): Promise<HeartbeatReply> {
    if (channelIsOpen && host.bootId !== '' && host.bootId !== heartbeat.bootId)
      return { nowMs: this.#parts.clock.nowMs(), fetch: [], offers: [], cancels: [] };
    return this.answer(host, fingerprint, heartbeat);
  }

  /** Remembers what a heartbeat says and tells what is new. */
  async answer(host: IndexedHost, fingerprint: string, heartbeat: Heartbeat): Promise<HeartbeatReply> {
    const nowMs = this.#take(host, fingerprint, heartbeat);
    if (host.staleFingerprint === undefined) await this.checkCertificate(host);
    return this.#told(host, {
      nowMs,
      fetch: this.fetchOf(host),
      offers: await this.orders(this.offersOf(host)),
      cancels: this.#parts.work.cancelsOf(host.id, OFFERS_PER_REPLY_MAX),
      names: this.#parts.namesGeneration(),
      renewal: this.#parts.renewalOf(host.id, fingerprint),
    });
  }

  /** Must something be read before this host can be answered? Its certificate, or orders that wait for it. */
  needsStore(host: IndexedHost): boolean {
    return host.staleFingerprint === undefined || this.#parts.work.hasWork(host.id);
  }

  /** The same as `answer` for a host that `needsStore` says nothing of: what nearly every heartbeat of a fleet gets. */
  answerAtOnce(host: IndexedHost, fingerprint: string, heartbeat: Heartbeat): HeartbeatReply {
    const nowMs = this.#take(host, fingerprint, heartbeat);
    return this.#told(host, {
      nowMs,
      fetch: this.fetchOf(host),
      offers: [],
      cancels: [],
      names: this.#parts.namesGeneration(),
      renewal: this.#parts.renewalOf(host.id, fingerprint),
    });
  }

  /** What the host would not believe is not said either. */
  #told(host: IndexedHost, reply: HeartbeatReply): HeartbeatReply {
    return this.isOff(host) ? believedReply(reply) : reply;
  }

  #take(host: IndexedHost, fingerprint: string, heartbeat: Heartbeat): number {
    this.answered += 1;
    const { clock, index } = this.#parts;
    const nowMs = clock.nowMs();
    index.noteReturn(host, this.periodOf(host), nowMs);
    if (!index.touch(host, heartbeat, fingerprint, nowMs)) this.#tellClone(host, nowMs);
    this.#lookAhead(host);
    return nowMs;
  }

  /** What this host should fetch, by its last heartbeat. */
  fetchOf(host: IndexedHost): Fetchable[] {
    const { documents, crlNumber } = this.#parts;
    const list = this.listOf(host);
    return decideFetch(host, {
      bundleGeneration: documents.latestSerial('bundle', '') ?? 0,
      listSerial: list === undefined ? 0 : (documents.latestSerial('list', list) ?? 0),
      assignmentSerial: documents.latestSerial('assignment', host.id) ?? 0,
      policySerial: this.wantedPolicy(host),
      crlNumber: crlNumber(),
      certificate: this.#mustRenew(host) ? 'renew' : 'keep',
    });
  }

  #mustRenew(host: IndexedHost): boolean {
    const isStale = host.staleFingerprint != null && host.staleFingerprint === host.fingerprint;
    return isStale || this.#parts.rekeys?.admits(host) === true;
  }

  /** The newest serials of what is meant for this host. */
  newestFor(host: IndexedHost): NewestSerials {
    const { documents } = this.#parts;
    const list = this.listOf(host);
    return {
      bundle: documents.latestSerial('bundle', ''),
      list: list === undefined ? undefined : documents.latestSerial('list', list),
      policy: documents.latestSerial('policy', host.groupId),
    };
  }

  /** Orders to offer to this host now, by what it held at its last heartbeat. */
  offersOf(host: IndexedHost): JobId[] {
    if (this.isOff(host)) return [];
    const fetch = this.fetchOf(host);
    // an order may be signed by a key that only the newest bundle names
    const upToDate = !(['bundle', 'policy', 'assignment'] as const).some((one) => fetch.includes(one));
    const nowMs = this.#parts.clock.nowMs();
    return this.#parts.work.offersOf(host.id, { nowMs, upToDate, limit: OFFERS_PER_REPLY_MAX });
  }

  /** The serial of the newest policy of the host's group; zero while there is none. */
  wantedPolicy(host: IndexedHost): number {
    return this.#parts.documents.latestSerial('policy', host.groupId) ?? 0;
  }

  /** The group's management server list. */
  listOf(host: IndexedHost): ListId | undefined {
    return this.#settings.get(host.groupId)?.list;
  }

  /** The signed orders of these jobs. */
  async orders(ids: readonly JobId[]): Promise<string[]> {
    const orders: string[] = [];
    for (const id of ids) {
      const order = await this.#parts.documents.latest('order', id);
      if (order !== undefined) orders.push(order.jws);
    }
    return orders;
  }

  /** F-37 Agents take no lower serial than what they hold: what is behind that must be signed again. */
  #lookAhead(host: IndexedHost): void {
    const list = this.listOf(host);
    this.#compare(host, 'bundle', '', host.bundleGeneration);
    if (list !== undefined) this.#compare(host, 'list', list, host.listSerial);
    this.#compare(host, 'assignment', host.id, host.assignmentSerial);
    this.#compare(host, 'policy', host.groupId, host.policySerial);
  }

  #compare(host: IndexedHost, type: AheadType, scope: string, serial: number): void {
    const newest = this.#parts.documents.latestSerial(type, scope) ?? 0;
    if (newest !== 0 && serial > newest) this.#parts.onAhead?.(host, type, scope, serial);
  }

  #tellClone(host: IndexedHost, nowMs: number): void {
    if (host.cloneToldMs !== 0 && nowMs - host.cloneToldMs < CLONE_TOLD_EVERY_MS) return;
    host.cloneToldMs = nowMs;
    this.#parts.onClone?.(host.id);
  }

  /** Looks whether the certificate still says what was granted: once after each change, not at each heartbeat. */
  async checkCertificate(host: IndexedHost): Promise<void> {
    const { store, clock, log } = this.#parts;
    try {
      host.staleFingerprint = await staleCertificate(store.db, host.id, clock.nowMs());
    } catch (error) {
      host.staleFingerprint = null;
      log.warn({ err: error, hostId: host.id }, 'certificate could not be compared with what is granted');
    }
  }
}
