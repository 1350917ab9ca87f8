import type { HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { AgentFrame } from '@sekisho/core/wire/agent.ts';
import { ChannelHub } from '../../channel/channel-hub.ts';
import type { CloseReason } from '../../channel/close-codes.ts';
import type { FleetParts, FleetService, HostSeen } from '../../context.ts';
import type { PeerIdentity } from '../../http/peer.ts';
import { startFleetLoops, type FleetLoops } from '../../loops/fleet-loops.ts';
import { addressOf, ownAddressOf } from '../../http/request-origin.ts';
import { policySaysOff } from '../documents/held-policy.ts';
import { OpenWork } from '../jobs/open-work.ts';
import { ProgressBoard } from '../jobs/progress-board.ts';
import { AgentDesk } from './agent-desk.ts';
import { FLEET_CHANGE_KINDS, FleetChanges } from './fleet-changes.ts';
import { PushPacer } from './push-pacer.ts';
import type { FleetContext } from './fleet-context.ts';
import type { NewestSerials } from '../rotation/gate-hosts.ts';
import { FleetIndex, type IndexedHost } from './fleet-index.ts';
import { agentRoutes, fleetRoutes, plainHeartbeatRoute } from './fleet.routes.ts';
import { defaultFleetSettings, type FleetSettings } from './fleet-settings.ts';
import { HeartbeatDesk } from './heartbeat-desk.ts';
import { DocumentOutranker } from './outrank-document.ts';

/** The fleet of a running server, with what tests look at. */
export interface RunningFleet extends FleetService {
  readonly index: FleetIndex;
  readonly hub: ChannelHub;
  readonly work: OpenWork;
  readonly board: ProgressBoard;
  readonly context: FleetContext;
  readonly loops: FleetLoops;
  /** F-02: seconds between two heartbeats of a host. */
  readonly periodOf: (host: IndexedHost) => number;
  /** T-31: are free names of this host mapped by themselves, as its group says? Undefined for one that is not known. */
  readonly mapsNames: (hostId: HostId) => boolean | undefined;
  readonly newestFor: (host: IndexedHost) => NewestSerials;
  /** F-20: does this host not verify its server at the moment? */
  readonly isOff: (host: IndexedHost) => boolean;
}

/**
 * Starts the fleet: fills the index and the open jobs, subscribes to changes, begins the loops. The change feed runs
 * already. `settings` overrides single defaults.
 */
export async function startFleet(
  parts: FleetParts,
  settings: Partial<FleetSettings> = {},
): Promise<RunningFleet> {
  const { clock, random, log, store, feed, documents, workerId } = parts;
  const context = fleetContextOf(parts, settings);
  const tasks = new Tasks(context);
  const index = new FleetIndex(store);
  const board = new ProgressBoard();
  const work: OpenWork = new OpenWork(store, (hostId) => {
    tasks.add(desk.deliver(hostId));
  });
  const outranker = new DocumentOutranker(context);
  const heartbeats: HeartbeatDesk = new HeartbeatDesk({
    clock,
    log,
    store,
    index,
    work,
    documents,
    defaults: context.settings,
    crlNumber: () => changes.crlNumber,
    namesGeneration: () => parts.names.index.generation,
    renewalOf: (hostId, fingerprint) => parts.renewals.of(hostId, fingerprint),
    rekeys: parts.rekeys,
    onClone: (hostId) => {
      tasks.add(hub.reportClone(hostId, 'heartbeat'));
    },
    onAhead: (host, type, scope, serial) => {
      const outranking = outranker.look(host, type, scope, serial);
      if (outranking !== undefined) tasks.add(outranking);
    },
  });
  let opened = 0;
  const frames: Record<AgentFrame['type'], number> = { heartbeat: 0, spool: 0, progress: 0, pong: 0 };
  const hub: ChannelHub = new ChannelHub({
    clock,
    random,
    log,
    store,
    workerId,
    refusal: (peer) => refusalOf(parts, peer),
    onOpen: (session) => {
      opened += 1;
      log.debug({ hostId: session.peer.hostId }, 'channel open');
    },
    onFrame: (session, frame) => {
      frames[frame.type] += 1;
      return desk.frame(session, frame);
    },
  });
  const desk = new AgentDesk({
    context,
    desk: heartbeats,
    work,
    board,
    sessionOf: (id) => hub.session(id),
    crlNumber: () => changes.crlNumber,
  });
  const pacer = new PushPacer(context.clock, (id, fetch) => {
    tasks.add(desk.bring(id, fetch));
  });
  const changes: FleetChanges = new FleetChanges({
    store,
    index,
    work,
    board,
    heartbeats,
    hub,
    desk,
    pacer,
    namesGeneration: () => parts.names.index.generation,
    renewalOf: (hostId, fingerprint) => parts.renewals.of(hostId, fingerprint),
    follow: () => {
      loops.follow.wake();
    },
    background: (task) => {
      tasks.add(task);
    },
  });
  const loops = startFleetLoops({
    context,
    workerId,
    index,
    hub,
    work,
    board,
    periodOf: (hostId) => heartbeats.periodOfId(hostId),
    shortestPeriod: () => heartbeats.shortestPeriod,
    deliver: (hostId) => desk.deliver(hostId),
  });
  const unsubscribe = feed.subscribeMany(
    FLEET_CHANGE_KINDS,
    (found) => changes.onChanges(found),
    () => {
      outranker.forget();
      return changes.refill();
    },
  );
  await changes.refill();
  loops.follow.wake();

  return {
    index,
    hub,
    work,
    board,
    context,
    loops,
    periodOf: (host) => heartbeats.periodOf(host),
    mapsNames: (hostId) => heartbeats.mapsNames(hostId),
    newestFor: (host) => heartbeats.newestFor(host),
    isOff: (host) => heartbeats.isOff(host),
    figures: () => ({
      hosts: index.size,
      sessions: hub.size,
      opened,
      heartbeats: heartbeats.answered,
      frames: { ...frames },
    }),
    seen: (hostId) => seenOf({ context, index, hub, heartbeats }, hostId),
    hosts: () => index.hosts(),
    groupOf: (hostId) => index.get(hostId)?.groupId,
    listOf: (hostId) => {
      const host = index.get(hostId);
      return host === undefined ? undefined : heartbeats.listOf(host);
    },
    onProgress: (call) => board.listen(call),
    push: (hostId, fetch) => {
      desk.push(hostId, fetch);
    },
    handleUpgrade: (request, socket, head, peer) => {
      noteSecure(parts, peer.hostId, addressOf(request.socket));
      parts.names.noteChannel(peer, ownAddressOf(request.socket), request.socket);
      hub.handleUpgrade(request, socket, head, peer);
    },
    agentRoutes: (agentApp) => {
      const hasChannel = (hostId: HostId): boolean => hub.session(hostId) !== undefined;
      agentRoutes(agentApp, { context, heartbeats, hasChannel, names: parts.names });
    },
    heartbeatRoute: (plainApp) => {
      plainHeartbeatRoute(plainApp, {
        heartbeats,
        hasChannel: (hostId) => hub.session(hostId) !== undefined,
      });
    },
    isUnverified(hostId) {
      const host = heartbeats.known(hostId);
      return host !== undefined && heartbeats.isOff(host);
    },
    async mayAskPlain(hostId) {
      const host = await heartbeats.hostOf(hostId);
      if (host === undefined) return false;
      return heartbeats.isOff(host) || policySaysOff(store.db, host, clock.nowMs());
    },
    adminRoutes: (adminApp) => {
      fleetRoutes(adminApp, { context, index, board, caughtUp: () => feed.catchUp() });
    },
    drain: (spreadMs) => hub.drain(spreadMs),
    async stop() {
      unsubscribe();
      pacer.stop();
      for (const loop of Object.values(loops)) await loop.stop();
      await hub.stop();
      await tasks.settled();
      await index.flush().catch((error: unknown) => {
        log.warn({ err: error }, 'last seen could not be written');
      });
    },
  };
}

/** What the use cases of plans and jobs need, out of the server's parts. */
export function fleetContextOf(parts: FleetParts, settings: Partial<FleetSettings>): FleetContext {
  return {
    clock: parts.clock,
    random: parts.random,
    log: parts.log,
    store: parts.store,
    domainId: parts.domain.id,
    documents: parts.documents,
    secrets: parts.keys,
    settings: { ...defaultFleetSettings(), ...settings },
  };
}

/** T-52 A channel is open: if its host was a legacy host, it is none any more. */
function noteSecure({ legacy, log }: FleetParts, hostId: HostId, origin: string): void {
  legacy.noteSecure(hostId, origin).catch((error: unknown) => {
    log.warn({ err: error, hostId }, 'that a legacy host talks securely now could not be written');
  });
}

/** T-42 Asked for every frame: does the certificate that opened this channel still count? */
function refusalOf({ feed, registry, clock }: FleetParts, peer: PeerIdentity): CloseReason | undefined {
  if (!feed.fresh) return 'SERVER_STOPPING';
  const entry = registry.lookup(peer.fingerprint);
  if (entry === undefined || entry.hostId !== peer.hostId) return 'PEER_CERTIFICATE_UNKNOWN';
  if (entry.revoked) return 'CERTIFICATE_REVOKED';
  return peer.notAfterMs < clock.nowMs() ? 'PEER_CERTIFICATE_EXPIRED' : undefined;
}

function seenOf(
  parts: { context: FleetContext; index: FleetIndex; hub: ChannelHub; heartbeats: HeartbeatDesk },
  hostId: HostId,
): HostSeen | undefined {
  const { context, index, hub, heartbeats } = parts;
  const host = index.get(hostId);
  if (host === undefined || host.lastSeenMs === 0) return undefined;
  const heartbeatSeconds = heartbeats.periodOf(host);
  const online = index.isOnline(host, heartbeatSeconds, context.clock.nowMs());
  return {
    lastSeenMs: host.lastSeenMs,
    heartbeatSeconds,
    online: online || hub.session(hostId) !== undefined,
    version: host.version,
    health: host.health,
    orphanedSinceMs: host.orphanedAtSeconds === 0 ? null : host.orphanedAtSeconds * SECOND_MS,
    policySerial: host.policySerial,
    crlNumber: host.crlNumber,
  };
}

/** Work that goes on beside the feed and the sockets, waited for at the stop. */
class Tasks {
  readonly #context: FleetContext;
  readonly #running = new Set<Promise<void>>();

  constructor(context: FleetContext) {
    this.#context = context;
  }

  add(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => {
        this.#context.log.warn({ err: error }, 'background work of the fleet failed');
      })
      .finally(() => {
        this.#running.delete(task);
      });
    this.#running.add(task);
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running]);
  }
}
