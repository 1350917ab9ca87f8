import { AppError } from '@sekisho/core/errors.ts';
import type { ServerId } from '@sekisho/core/ids.ts';
import { FRAME_BYTES_MAX } from '@sekisho/core/limits.ts';
import {
  afterFailure,
  chooseServer,
  mayAskHome,
  type ListedServer,
  type ServerFailures,
} from '@sekisho/core/rules/serverlist.ts';
import { believedReply, decideAct, type ServerAct } from '@sekisho/core/rules/verification.ts';
import { MINUTE_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import {
  CHANNEL_PATH,
  getDocument,
  getRepositoryPassword,
  postHeartbeat,
  postSpool,
} from '@sekisho/core/wire/agent.ts';
import type { CallInput } from '@sekisho/core/wire/client.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { z } from 'zod';
import { WebSocket } from 'ws';
import type { DocumentStore } from '../documents/document-store.ts';
import { simpleReenroll } from '../identity/est-client.ts';
import type { Identity } from '../identity/identity-store.ts';
import { callRoute } from './call-route.ts';
import { DialingAgent, dialTls, type DialOptions, type PresentedPeer } from './dial.ts';
import type { DialUntrusted } from './follow-links.ts';
import { describeNetworkError, refusalOf } from './http-request.ts';
import { openRelayStream } from './open-relay-stream.ts';
import { openTunnel, type Relay } from './open-tunnel.ts';
import type { HomeServers } from './home-servers.ts';
import { ServerRoute } from './server-route.ts';
import { ShownIdentities } from './shown-identity.ts';
import { signatureHeaders } from './sign-plain-request.ts';
import { TlsSessions } from './tls-sessions.ts';
import { verifyMediaServer, verifyServer, type TrustFacts } from './verify-peer.ts';
import type { VerificationSwitch } from '../verification/verification-switch.ts';

/** A server of the list, or the one setup knew when there is no list yet. */
export interface KnownServer extends ListedServer {
  readonly serverId: ServerId;
  readonly address: string;
  readonly port: number;
  /** `http`: without TLS, and only while it is not verified (F-20). */
  readonly protocol: 'https' | 'http';
  readonly acceptedKeys: readonly string[];
  /** F-12: not of the list, but of the way home. */
  readonly isHome?: true;
}

/** What is asked for on the way home: that the host lives, what is new, and what waits to be reported. No channel, no questions. */
const HOME_ACTS: ReadonlySet<ServerAct> = new Set(['heartbeat', 'document', 'report', 'renewal']);
/** Servers of the way home come after all of the list. */
const HOME_PRIORITY = 1_000;
/** While nobody says otherwise: F-02. */
const PERIOD_DEFAULT_MS = 5 * MINUTE_MS;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each call narrows it */
type AnyRoute = Route<any, any, any, any>;

/**
 * The agent's way to its management servers: picks one, checks it on each connection, fails over and comes back (F-10). While verification
 * is off, entries without TLS are used too, nobody is checked, and nothing is asked whose answer would have to be believed (F-20).
 */
export interface ServerConnection {
  call<R extends AnyRoute>(route: R, input: CallInput<R>): Promise<z.output<R['reply']>>;
  reenroll(csrDer: Uint8Array): Promise<Certificate[]>;
  /** Opens the WebSocket; resolves when the server has accepted it. */
  openChannel(): Promise<WebSocket>;
  /** Until when all servers rest; undefined when one may be tried now. */
  restsUntilMs(): number | undefined;
  /** True when a better server than the one of the channel may be tried again, or that one has left the list. */
  betterIsReady(): boolean;
  /** The server in use, or the one that would be tried. */
  readonly server: KnownServer | undefined;
  readonly lastContactMs: number | undefined;
  /** Why the last contact led to nothing: no server could be used, or it refused this host. */
  readonly lastError: AppError | undefined;
  /** T-60 While a tunnel is in use: may look whether the direct way works again. Asked at each heartbeat. */
  lookForDirect(): void;
  /** T-60 The media server through which the server in use is reached; undefined: directly. */
  readonly via: Relay | undefined;
  /** Where plain, signed things are fetched from: the plain port, or the agents' own through a tunnel. */
  publicTarget(httpPort: number): { host: string; port: number; agent?: DialingAgent } | undefined;
  /** T-60 The management servers that this host, a media server, may open tunnels to: those of the signed list. */
  relayed(): KnownServer[];
  /** T-60 A stream of our own to that server, for a client at this address. */
  openRelay(server: KnownServer, clientAddress: string, signal: AbortSignal): Promise<Duplex>;
  /** New connections show the new certificate; those that are in use end by themselves. */
  identityChanged(): void;
  /** F-20 False: nobody knows who answers. */
  readonly isVerified: boolean;
  /** F-13, F-20 Whom the agent trusts, or whether it asks, is another: no connection and no failure of before counts any more. */
  startAnew(): void;
  /** Cuts what is under way; nothing is asked any more. */
  stop(): void;
}

/** Connections to one server at once: documents, spool and a password, while the channel has its own. */
const CONNECTIONS_MAX = 4;
const CHANNEL_HANDSHAKE_MAX_MS = 15_000;
const REFUSAL_BYTES_MAX = 64 * 1024;

export function createServerConnection(options: {
  documents: DocumentStore;
  /** Used until the first list has come. */
  bootstrap: { host: string; port: number; serverId: ServerId };
  identity: () => Identity;
  trust: () => TrustFacts;
  onRefused: (server: KnownServer, refusal: AppError) => void;
  /** A server that was verified has answered. */
  onVerified?: ((server: KnownServer) => void) | undefined;
  /** F-38 A server leads to no anchor: perhaps links do. True: it is worth another try. */
  followLinks?: ((server: KnownServer, dial: DialUntrusted) => Promise<boolean>) | undefined;
  /** The server answered, and does not accept this host's certificate. */
  onHostRefused?: ((refusal: AppError) => void) | undefined;
  /** F-20 Whether the server is verified; always, by default. */
  verification?: Pick<VerificationSwitch, 'isOff' | 'nextMomentMs'> | undefined;
  /** F-12 The way home when no server of the list answers any more; the one that setup named, by default. */
  home?: HomeServers | undefined;
  /** F-12 Between two heartbeats. */
  periodMs?: (() => number) | undefined;
  /** F-12 The agent has found its way home because its list leads nowhere; false: a server of the list answers. */
  onHome?: ((isHome: boolean) => void) | undefined;
  /** T-60 Media servers that may open a way when there is no direct one; none by default. */
  relays?: (() => readonly Relay[]) | undefined;
  /** T-60 The direct way works again. */
  onDirectAgain?: (() => void) | undefined;
  /** The address of this machine that connections come from; the system's choice by default. */
  localAddress?: string | undefined;
  /** How names of servers become addresses; the system's way by default. */
  lookup?: LookupFunction | undefined;
  clock: Clock;
  random: Random;
  log: Log;
}): ServerConnection {
  const { clock, random, log } = options;
  const failures = new Map<string, ServerFailures>();
  const agents = new Map<string, DialingAgent>();
  const sessions = new Map<string, TlsSessions>();
  const routes = new Map<string, ServerRoute>();
  let current: string | undefined;
  /** The server to which the channel was opened last. */
  let channelKey: string | undefined;
  let lastContactMs: number | undefined;
  let lastError: AppError | undefined;
  /** F-12 When a server of the list answered last, or the list was new: on the monotonic clock. */
  let listSinceMs = clock.monotonicMs();
  let listSerial: number | undefined;
  const stopping = new AbortController();

  const isOff = (): boolean => options.verification?.isOff === true;

  function listed(): KnownServer[] | undefined {
    const servers = options.documents.held('list')?.payload.servers.map(known);
    // a list without TLS leads nowhere once the server is verified again: the way of the set-up is left
    return servers?.some(({ protocol }) => protocol === 'https') === true || isOff() ? servers : undefined;
  }
  const bootstrap = (): KnownServer => {
    const { host, port, serverId } = options.bootstrap;
    return known({ priority: 1, serverId, address: host, port, protocol: 'https', acceptedKeys: [] });
  };
  function servers(): KnownServer[] {
    const serial = options.documents.held('list')?.payload.serial;
    if (serial !== listSerial) {
      listSerial = serial;
      listSinceMs = clock.monotonicMs();
    }
    const found = listed();
    if (found === undefined) return [bootstrap()];
    return found.filter(({ protocol }) => protocol === 'https' || isOff());
  }
  /** F-12 Empty while the list leads somewhere. */
  function homeServers(own: readonly KnownServer[]): KnownServer[] {
    const periodMs = options.periodMs?.() ?? PERIOD_DEFAULT_MS;
    const nowMs = clock.monotonicMs();
    if (isOff() || !mayAskHome({ servers: own, failures, sinceMs: listSinceMs, periodMs, nowMs })) return [];
    const home = [...(options.home?.servers ?? []).map(known), bootstrap()].filter(
      ({ protocol }) => protocol === 'https',
    );
    const found = new Map(home.map((server) => [server.key, server]));
    for (const { key } of own) found.delete(key);
    return [...found.values()].map((server) => ({
      ...server,
      priority: server.priority + HOME_PRIORITY,
      isHome: true,
    }));
  }
  const choice = () =>
    chooseServer({
      servers: servers(),
      failures,
      current,
      fraction: random.fraction(),
      nowMs: clock.nowMs(),
    });

  /** The rule's choice; when all rest, somebody is waiting: the one whose rest ends first. */
  function pick(tried: ReadonlySet<string>, act: ServerAct): KnownServer | undefined {
    const own = servers();
    const left = [...own, ...homeServers(own)].filter(
      (server) => !tried.has(server.key) && mayAct(act, server),
    );
    const chosen = chooseServer({
      servers: left,
      failures,
      current,
      fraction: random.fraction(),
      nowMs: clock.nowMs(),
    });
    if (chosen.state === 'use') return chosen.server;
    return left.sort((a, b) => (failures.get(a.key)?.lastMs ?? 0) - (failures.get(b.key)?.lastMs ?? 0))[0];
  }
  const mayAct = (act: ServerAct, { protocol, isHome }: KnownServer): boolean =>
    (isHome !== true || HOME_ACTS.has(act)) && (!isOff() || decideAct(act, protocol).allow);

  function failed(server: KnownServer, error: AppError): void {
    failures.set(server.key, afterFailure(failures.get(server.key), clock.nowMs()));
    if (current === server.key) current = undefined;
    lastError = error;
    log.warn({ err: error, server: server.key }, 'the management server cannot be used');
    if (error.code.startsWith('PEER_')) options.onRefused(server, error);
  }
  function reached(server: KnownServer): void {
    failures.delete(server.key);
    current = server.key;
    lastContactMs = clock.nowMs();
    lastError = undefined;
    if (server.protocol === 'https' && !isOff()) options.onVerified?.(server);
    options.onHome?.(server.isHome === true);
    if (server.isHome === true) return;
    listSinceMs = clock.monotonicMs();
    const list = options.documents.held('list')?.payload;
    const isListed = listed()?.some(({ key }) => key === server.key) === true;
    if (list !== undefined && isListed && !isOff()) options.home?.reached(list);
  }

  /** By which keys a server is accepted now: the way to it outlives the list under which it was made. */
  function acceptedKeysNow(server: KnownServer): readonly string[] {
    const servers = options.documents.held('list')?.payload.servers.map(known) ?? [];
    const listedNow = servers.find(({ key }) => key === server.key);
    if (listedNow !== undefined) return listedNow.acceptedKeys;
    // a key that the newest list names no more may have been stolen: of an older list it opens nothing
    const pins = new Set(servers.flatMap(({ acceptedKeys }) => acceptedKeys));
    return server.acceptedKeys.filter((key) => pins.has(key));
  }

  const identities = new ShownIdentities();
  const shown = () => identities.of(options.identity(), options.trust().anchors);
  const toServer = (server: KnownServer, verified: boolean) => ({
    host: server.address,
    port: server.port,
    lookup: options.lookup,
    ...shown(),
    verify: (peer: PresentedPeer) => {
      if (verified) verifyServer(peer, options.trust(), { ...server, acceptedKeys: acceptedKeysNow(server) });
    },
  });

  function dialServer(
    server: KnownServer,
    verified: boolean,
    how: Pick<DialOptions, 'signal' | 'timeoutMs' | 'over'>,
  ): Promise<TLSSocket> {
    const localAddress = how.over === undefined ? options.localAddress : undefined;
    if (!verified) return dialTls({ ...toServer(server, false), localAddress, ...how });
    let kept = sessions.get(server.key);
    if (kept === undefined) sessions.set(server.key, (kept = new TlsSessions()));
    return dialTls({ ...toServer(server, true), localAddress, ...how, sessions: kept });
  }

  /** Our own TLS to the server, inside a tunnel: the media server sees none of it. */
  async function dialThrough(
    server: KnownServer,
    verified: boolean,
    relay: Relay,
    signal: AbortSignal,
  ): Promise<TLSSocket> {
    const target = { host: server.serverId, port: server.port };
    const { ca, identity } = shown();
    const over = await openTunnel(relay, target, {
      ca,
      // F-38 of a CA that has left it is refused: who shows none is let through to the server, which knows it
      identity: isOfCaInUse() ? identity : undefined,
      signal,
      verify: (peer) => {
        verifyMediaServer(peer, options.trust(), relay.hostId);
      },
    });
    return dialServer(server, verified, { signal, over });
  }

  function isOfCaInUse(): boolean {
    const issuer = options.identity().certificate.authorityKeyId;
    const { intermediates } = options.trust();
    return intermediates.length === 0 || intermediates.some(({ subjectKeyId }) => subjectKeyId === issuer);
  }

  /** F-38 The ways to a server of which nothing is known yet, as `routeTo` finds them, without an identity or a check of who leads there. */
  const untrusted =
    (server: KnownServer): DialUntrusted =>
    (how, ended) => {
      const target = { host: server.address, port: server.port, lookup: options.lookup, ...how };
      const route = new ServerRoute({
        server: `${server.address}:${server.port}`,
        relays: options.relays ?? (() => []),
        direct: (signal, timeoutMs) =>
          dialTls({
            ...target,
            localAddress: options.localAddress,
            signal,
            ...(timeoutMs === undefined ? {} : { timeoutMs }),
          }),
        through: async (relay, signal) => {
          const unchecked = { ca: [], verify: () => undefined, signal };
          const over = await openTunnel(relay, { host: server.serverId, port: server.port }, unchecked);
          return dialTls({ ...target, signal, over });
        },
        onDirectAgain: () => undefined,
        clock,
        log,
      });
      return route.dial(ended);
    };

  /** Routes and connections are of one kind, verified or not: what is asked of one never goes over the other. */
  const kindOf = (key: string): string => `${key}${isOff() ? ' unverified' : ''}`;

  function routeTo(server: KnownServer): ServerRoute {
    const kind = kindOf(server.key);
    const verified = !isOff();
    const found = routes.get(kind);
    if (found !== undefined) return found;
    const route = new ServerRoute({
      server: `${server.address}:${server.port}`,
      relays: options.relays ?? (() => []),
      direct: (signal, timeoutMs) =>
        dialServer(server, verified, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
      through: (relay, signal) => dialThrough(server, verified, relay, signal),
      onDirectAgain: () => {
        for (const agent of agents.values()) retire(agent);
        agents.clear();
        options.onDirectAgain?.();
      },
      clock,
      log,
    });
    routes.set(kind, route);
    return route;
  }
  /** What this agent refused by itself while it dialled: no server answered that. */
  const dialled = new WeakSet<AppError>();
  const dial = (route: ServerRoute, signal: AbortSignal): Promise<TLSSocket> =>
    route.dial(signal).catch((error: unknown) => {
      if (error instanceof AppError) dialled.add(error);
      throw error;
    });
  const isConnectionFailure = (error: AppError): boolean =>
    error.code === 'SERVER_UNREACHABLE' || dialled.has(error);

  function agentFor(server: KnownServer): DialingAgent {
    const kind = kindOf(server.key);
    const found = agents.get(kind);
    if (found !== undefined) return found;
    const route = routeTo(server);
    const agent = new DialingAgent((signal) => dial(route, signal), CONNECTIONS_MAX);
    agents.set(kind, agent);
    return agent;
  }

  function forgetConnections(): void {
    for (const agent of agents.values()) retire(agent);
    agents.clear();
    sessions.clear();
  }

  /**
   * Tries one server after the other until one answers; its refusal is an answer. What nobody knows whom answered counts no more once servers
   * are verified again (F-20): whoever holds an answer back until then wins nothing, it is asked anew.
   */
  async function withServer<T>(act: ServerAct, work: (server: KnownServer) => Promise<T>): Promise<T> {
    const tried = new Set<string>();
    const followed = new Set<string>();
    for (;;) {
      if (stopping.signal.aborted) throw new AppError('SERVER_STOPPING');
      const server = pick(tried, act);
      if (server === undefined && tried.size === 0 && isOff()) throw new AppError('VERIFICATION_OFF');
      if (server === undefined)
        throw lastError ?? new AppError('SERVER_UNREACHABLE', { server: '-', detail: '-' });
      tried.add(server.key);
      const verified = !isOff();
      const isOutdated = (): boolean => !verified && !isOff();
      try {
        const result = await work(server);
        if (isOutdated()) {
          tried.clear();
          continue;
        }
        reached(server);
        return result;
      } catch (error) {
        if (isOutdated() && !stopping.signal.aborted) {
          tried.clear();
          continue;
        }
        const refusal = asRefusal(server, error);
        if (!isConnectionFailure(refusal)) {
          reached(server);
          if (refusesHost(refusal)) {
            lastError = refusal;
            options.onHostRefused?.(refusal);
          }
          throw refusal;
        }
        if (refusal.code === 'PEER_CHAIN_UNTRUSTED' && !followed.has(server.key)) {
          followed.add(server.key);
          if ((await options.followLinks?.(server, untrusted(server))) === true) {
            tried.delete(server.key);
            continue;
          }
        }
        failed(server, refusal);
      }
    }
  }

  function inUse(): KnownServer | undefined {
    const own = servers();
    return [...own, ...homeServers(own)].find(({ key }) => key === current);
  }

  /** Requests without TLS, one after the other: each is signed for a later moment than the one before. */
  let plainTurn: Promise<unknown> = Promise.resolve();
  function callPlain<R extends AnyRoute>(
    server: KnownServer,
    route: R,
    input: CallInput<R>,
  ): Promise<z.output<R['reply']>> {
    const headers = signatureHeaders({
      serverId: server.serverId,
      domainId: () => options.trust().domainId,
      identity: options.identity,
      nextMomentMs: () => options.verification?.nextMomentMs() ?? clock.nowMs(),
    });
    const target = { host: server.address, port: server.port, headers };
    const reply = plainTurn.then(() => callRoute({ ...target, signal: stopping.signal }, route, input));
    plainTurn = reply.catch(() => undefined);
    return reply;
  }

  return {
    call: (route, input) =>
      withServer(actOf(route), async (server) => {
        const verified = !isOff();
        if (server.protocol === 'http') return believed(route, await callPlain(server, route, input));
        const target = { host: server.address, port: server.port, agent: agentFor(server) };
        const reply = await callRoute(target, route, input);
        return verified ? reply : believed(route, reply);
      }),
    reenroll: (csrDer) =>
      withServer('renewal', (server) =>
        simpleReenroll(
          { host: server.address, port: server.port, agent: agentFor(server) },
          { csrDer, nowMs: clock.nowMs() },
        ),
      ),
    openChannel: () =>
      withServer('channel', async (server) => {
        const webSocket = await openWebSocket(server, await dial(routeTo(server), stopping.signal));
        channelKey = server.key;
        return webSocket;
      }),
    restsUntilMs() {
      const chosen = choice();
      return chosen.state === 'wait' ? chosen.untilMs : undefined;
    },
    betterIsReady() {
      // not `current`: a single request may have gone to the better one already, and the channel stays where it is
      const chosen = choice();
      if (channelKey === undefined || chosen.state !== 'use') return false;
      const own = servers().find(({ key }) => key === channelKey);
      return own === undefined || chosen.server.priority < own.priority;
    },
    get server() {
      const chosen = choice();
      return inUse() ?? (chosen.state === 'use' ? chosen.server : undefined);
    },
    lookForDirect() {
      const server = inUse();
      if (server?.protocol === 'https') void routeTo(server).lookForDirect(stopping.signal);
    },
    get via() {
      return current === undefined ? undefined : routes.get(kindOf(current))?.via;
    },
    publicTarget(httpPort) {
      const server = this.server;
      if (server === undefined) return undefined;
      if (server.protocol === 'http' || routeTo(server).mayBeDirect)
        return { host: server.address, port: httpPort };
      return { host: server.address, port: server.port, agent: agentFor(server) };
    },
    relayed: () =>
      options.documents.held('list') === undefined
        ? []
        : servers().filter(({ protocol }) => protocol === 'https'),
    // F-20 is about an agent and its own server: the way of others is verified all the same
    openRelay: (server, clientAddress, signal) =>
      openRelayStream(toServer(server, true), clientAddress, AbortSignal.any([signal, stopping.signal])),
    get lastContactMs() {
      return lastContactMs;
    },
    get lastError() {
      return lastError;
    },
    identityChanged: forgetConnections,
    get isVerified() {
      return !isOff();
    },
    startAnew() {
      forgetConnections();
      routes.clear();
      failures.clear();
      current = undefined;
    },
    stop() {
      stopping.abort();
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

const known = (server: Omit<KnownServer, 'key'>): KnownServer => ({
  key: `${server.serverId} ${server.address}:${server.port}`,
  priority: server.priority,
  serverId: server.serverId,
  address: server.address,
  port: server.port,
  protocol: server.protocol,
  acceptedKeys: server.acceptedKeys,
});

function actOf(route: AnyRoute): ServerAct {
  if (route.path === postHeartbeat.path) return 'heartbeat';
  if (route.path === getDocument.path) return 'document';
  if (route.path === postSpool.path) return 'report';
  return route.path === getRepositoryPassword.path ? 'password' : 'question';
}

/** F-20 What counts of an answer by nobody knows whom. Documents are verified where they are offered. */
const believed = <R extends AnyRoute>(route: R, reply: z.output<R['reply']>): z.output<R['reply']> =>
  route.path === postHeartbeat.path
    ? (believedReply(postHeartbeat.reply.parse(reply)) as z.output<R['reply']>)
    : reply;

/** Idle connections end now, busy ones after their request. */
function retire(agent: DialingAgent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
  agent.maxFreeSockets = 0;
}

/** The server answered, and this host's certificate is what it does not accept. */
const refusesHost = ({ code }: AppError): boolean =>
  code.startsWith('PEER_') || code.startsWith('CERTIFICATE_');

const asRefusal = (server: KnownServer, error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError(
        'SERVER_UNREACHABLE',
        { server: `${server.address}:${server.port}`, detail: describeNetworkError(error) },
        { cause: error },
      );

/** The upgrade over a connection that was checked already. A refusal of the server is read from its answer. */
function openWebSocket(server: KnownServer, socket: Awaited<ReturnType<typeof dialTls>>): Promise<WebSocket> {
  const name = `${server.address}:${server.port}`;
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(`ws://${formatHost(server.address)}:${server.port}${CHANNEL_PATH}`, {
      createConnection: () => socket,
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: CHANNEL_HANDSHAKE_MAX_MS,
      followRedirects: false,
    });
    webSocket.once('open', () => {
      webSocket.off('error', reject);
      // Until somebody listens: the server may speak at once.
      webSocket.pause();
      resolve(webSocket);
    });
    webSocket.once('error', reject);
    webSocket.once('unexpected-response', (_request, response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (bytes <= REFUSAL_BYTES_MAX) parts.push(part);
      });
      response.once('close', () => {
        socket.destroy();
        reject(refusalOf(name, { status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
      });
    });
  });
}

const formatHost = (address: string): string => (address.includes(':') ? `[${address}]` : address);
