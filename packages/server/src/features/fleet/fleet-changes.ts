import { parseHostId, parseJobId, type HostId } from '@sekisho/core/ids.ts';
import { NAMES_PER_PUSH_MAX } from '@sekisho/core/limits.ts';
import type { Fetchable, RenewalInformation, ServerFrame } from '@sekisho/core/wire/agent.ts';
import type { AgentSession } from '../../channel/agent-session.ts';
import type { ChannelHub } from '../../channel/channel-hub.ts';
import type { Change, ChangeKind } from '../../store/change-kinds.ts';
import type { Store } from '../../store/store.ts';
import type { OpenWork } from '../jobs/open-work.ts';
import type { ProgressBoard } from '../jobs/progress-board.ts';
import type { AgentDesk } from './agent-desk.ts';
import { newestCrlNumber } from './crl-number.ts';
import type { FleetIndex, IndexedHost } from './fleet-index.ts';
import type { HeartbeatDesk } from './heartbeat-desk.ts';
import type { PushPacer } from './push-pacer.ts';
import { findHosts } from './read-hosts.ts';

/** The changes that move the fleet's memory on. */
export const FLEET_CHANGE_KINDS = [
  'job',
  'host',
  'certificate',
  'renewal',
  'revocation',
  'plan',
  'settings',
  'group',
  'legacy',
  'document',
  'crl',
  'session',
  'name',
] as const satisfies readonly ChangeKind[];

/** Agents that are told something in one turn of the event loop. */
const TOLD_PER_TURN = 100;

export interface FleetChangesParts {
  readonly store: Store;
  readonly index: FleetIndex;
  readonly work: OpenWork;
  readonly board: ProgressBoard;
  readonly heartbeats: HeartbeatDesk;
  readonly hub: ChannelHub;
  readonly desk: AgentDesk;
  /** For what concerns many agents. */
  readonly pacer: PushPacer;
  /** T-33: the count of decisions about names; read anew before this hears of a change. */
  readonly namesGeneration: () => number;
  /** T-09: read anew before this hears of a change. */
  readonly renewalOf: (hostId: HostId, fingerprint: string) => RenewalInformation | undefined;
  /** Documents have to be looked at: by the worker whose duty it is. */
  readonly follow: () => void;
  /** For work that the feed must not wait for. */
  readonly background: (work: Promise<void>) => void;
}

/** Moves the fleet's memory on with the change feed, and says "come now" to the agents that a change concerns (F-03). */
export class FleetChanges {
  readonly #parts: FleetChangesParts;
  #crlNumber = 0;
  #namesTold = 0;

  constructor(parts: FleetChangesParts) {
    this.#parts = parts;
  }

  /** Number of the newest revocation list. */
  get crlNumber(): number {
    return this.#crlNumber;
  }

  /** Reads everything anew: at the start, and when changes were missed. */
  async refill(): Promise<void> {
    const { index, heartbeats, work } = this.#parts;
    await index.load();
    await heartbeats.load();
    await work.fill();
    await this.#readCrlNumber();
    this.#namesTold = this.#parts.namesGeneration();
  }

  /** All changes of one read of the feed: hosts, of which many may come at once, are read together. */
  async onChanges(changes: readonly Change[]): Promise<void> {
    const ids = new Set(
      changes.flatMap(({ kind, key }) => (kind === 'host' ? (parseHostId(key) ?? []) : [])),
    );
    if (ids.size > 0) {
      await this.#hosts([...ids]);
      this.#parts.follow();
    }
    this.#tellNames(changes.filter(({ kind }) => kind === 'name').map(({ key }) => key));
    this.#tellRenewals(changes.filter(({ kind }) => kind === 'renewal').map(({ key }) => key));
    if (changes.some(({ kind }) => kind === 'crl')) await this.#lists();
    await this.#groups(changes);
    this.#documents(changes);
    for (const change of changes) await this.#onChange(change);
  }

  async #onChange({ kind, key }: Change): Promise<void> {
    const { follow, hub } = this.#parts;
    switch (kind) {
      case 'job':
        await this.#job(key);
        return;
      case 'host': // read together, above
      case 'crl': // told together, above
      case 'document':
        return;
      case 'certificate':
      case 'revocation':
      case 'plan':
        follow();
        return;
      case 'legacy':
        follow();
        return;
      case 'settings': // read together, above
      case 'group':
        follow();
        return;
      case 'session':
        hub.onSessionChange(key);
        return;
      case 'name': // told together, above
      case 'renewal':
      case 'cluster':
      case 'application':
      case 'known-host':
      case 'name-found':
      case 'token':
      case 'repository':
      case 'administrator':
      case 'task':
      case 'rotation':
        return;
    }
  }

  /** What holds for groups is read once for all of them; who has another list now hears of it (a policy tells by itself that it is new). */
  async #groups(changes: readonly Change[]): Promise<void> {
    const { heartbeats } = this.#parts;
    if (!changes.some(({ kind }) => kind === 'settings' || kind === 'group')) return;
    await heartbeats.load();
    const groups = new Set<string>(changes.flatMap(({ kind, key }) => (kind === 'group' ? [key] : [])));
    if (groups.size > 0)
      this.#pushWhere(
        (host) => groups.has(`${host.groupId}/list`) && heartbeats.fetchOf(host).includes('list'),
        ['list'],
      );
  }

  /** Says "come now" to the agents with a channel here whose host is chosen. */
  #pushWhere(chosen: (host: IndexedHost) => boolean, fetch: readonly Fetchable[]): void {
    const { hub, index, pacer } = this.#parts;
    for (const session of hub.sessions()) {
      const host = index.get(session.peer.hostId);
      if (host !== undefined && chosen(host)) pacer.push(host.id, fetch);
    }
  }

  /** T-33 Agents that are here forget at once what they were told of these names. */
  #tellNames(names: readonly string[]): void {
    if (names.length === 0) return;
    const generation = this.#parts.namesGeneration();
    const since = this.#namesTold;
    this.#namesTold = generation;
    const changed = [...new Set(names)];
    this.#tell(() => ({
      type: 'names',
      changed: changed.length > NAMES_PER_PUSH_MAX ? null : changed,
      since,
      generation,
    }));
  }

  /** Sends a frame to each agent that is here and gets one, some in each turn: ten thousand at once would take a third of a second. */
  #tell(frameOf: (session: AgentSession) => ServerFrame | undefined): void {
    const { hub, background } = this.#parts;
    const all = async (): Promise<void> => {
      let told = 0;
      for (const session of hub.sessions()) {
        const frame = frameOf(session);
        if (frame === undefined) continue;
        session.send(frame);
        told += 1;
        if (told % TOLD_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    background(all());
  }

  /** T-09 Hosts of which it was said anew when they renew; a key that is no host's means all that are told something. */
  #tellRenewals(keys: readonly string[]): void {
    const { renewalOf } = this.#parts;
    if (keys.length === 0) return;
    const chosen = new Set<string>(keys);
    const all = keys.some((key) => parseHostId(key) === undefined);
    this.#tell(({ peer: { hostId, fingerprint } }) => {
      const renewal = renewalOf(hostId, fingerprint) ?? null;
      return chosen.has(hostId) || (all && renewal !== null) ? { type: 'renewal', renewal } : undefined;
    });
  }

  async #job(key: string): Promise<void> {
    const { work, board } = this.#parts;
    const id = parseJobId(key);
    if (id === undefined) return;
    await work.refresh(id);
    if (work.get(id) === undefined) board.drop(id);
  }

  async #hosts(ids: readonly HostId[]): Promise<void> {
    const { store, index, hub, background } = this.#parts;
    const found = new Map((await findHosts(store.db, ids)).map((host) => [host.id, host]));
    for (const id of ids) {
      const host = found.get(id);
      if (host === undefined || host.isServer) {
        index.drop(id);
        continue;
      }
      index.put(host).staleFingerprint = undefined;
      if (hub.session(id) !== undefined) background(this.#pushStale(id));
    }
  }

  /** A host whose role or names changed renews at once, if its certificate does not say so. */
  async #pushStale(id: HostId): Promise<void> {
    const { index, heartbeats, desk } = this.#parts;
    const host = index.get(id);
    if (host === undefined) return;
    await heartbeats.checkCertificate(host);
    if (heartbeats.fetchOf(host).includes('certificate')) desk.push(id, ['certificate']);
  }

  /**
   * `<type>/<scope>`: who holds it fetches it. Many may be new at once (the policies of all groups): sessions are gone through once. Orders go
   * their own way, with their jobs.
   */
  #documents(changes: readonly Change[]): void {
    const { hub, index, pacer, heartbeats } = this.#parts;
    const scopes = new Map<string, Set<string>>();
    for (const { kind, key } of changes) {
      if (kind !== 'document') continue;
      const slash = key.indexOf('/');
      const [type, scope] = [key.slice(0, slash), key.slice(slash + 1)];
      scopes.set(type, (scopes.get(type) ?? new Set()).add(scope));
    }
    for (const scope of scopes.get('assignment') ?? []) {
      const id = parseHostId(scope);
      if (id !== undefined) pacer.push(id, ['assignment']);
    }
    const [policies, lists] = [scopes.get('policy'), scopes.get('list')];
    if (policies === undefined && lists === undefined && !scopes.has('bundle')) return;
    for (const { peer } of hub.sessions()) {
      const host = index.get(peer.hostId);
      if (host === undefined) continue;
      const fetch: Fetchable[] = [];
      if (scopes.has('bundle')) fetch.push('bundle');
      if (lists?.has(heartbeats.listOf(host) ?? '') === true) fetch.push('list');
      if (policies?.has(host.groupId) === true) fetch.push('policy');
      if (fetch.length > 0) pacer.push(host.id, fetch);
    }
  }

  /** Many lists may be new at once: agents are told once. */
  async #lists(): Promise<void> {
    await this.#readCrlNumber();
    this.#pushWhere(() => true, ['crl']);
  }

  async #readCrlNumber(): Promise<void> {
    this.#crlNumber = await newestCrlNumber(this.#parts.store.db);
  }
}
