import { AppError } from '@sekisho/core/errors.ts';
import type { ServerId } from '@sekisho/core/ids.ts';
import { FRAME_BYTES_MAX } from '@sekisho/core/limits.ts';
import { chooseServer, type ListedServer, type ServerFailures } from '@sekisho/core/rules/serverlist.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { CHANNEL_PATH } from '@sekisho/core/wire/agent.ts';
import type { CallInput } from '@sekisho/core/wire/client.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { z } from 'zod';
import { WebSocket } from 'ws';
import type { DocumentStore } from '../documents/document-store.ts';
import { simpleReenroll } from '../identity/est-client.ts';
import type { Identity } from '../identity/identity-store.ts';
import { callRoute } from './call-route.ts';
import { DialingAgent, dialTls, type DialOptions, type PresentedPeer } from './dial.ts';
import { describeNetworkError, refusalOf } from './http-request.ts';
import { openRelayStream } from './open-relay-stream.ts';
import { openTunnel, type Relay } from './open-tunnel.ts';
import { ServerRoute } from './server-route.ts';
import { TlsSessions } from './tls-sessions.ts';
import { verifyMediaServer, verifyServer, type TrustFacts } from './verify-peer.ts';

/** A server of the list, or the one setup knew when there is no list yet. */
export interface KnownServer extends ListedServer {
  readonly serverId: ServerId;
  readonly address: string;
  readonly port: number;
  readonly acceptedKeys: readonly string[];
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each call narrows it */
type AnyRoute = Route<any, any, any, any>;

/** The agent's way to its management servers: picks one, checks it on each connection, fails over and comes back (F-10). */
export interface ServerConnection {
  call<R extends AnyRoute>(route: R, input: CallInput<R>): Promise<z.output<R['reply']>>;
  reenroll(csrDer: Uint8Array): Promise<Certificate[]>;
  /** Opens the WebSocket; resolves when the server has accepted it. */
  openChannel(): Promise<WebSocket>;
  /** Until when all servers rest; undefined when one may be tried now. */
  restsUntilMs(): number | undefined;
  /** True when a better server than the one in use may be tried again. */
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
  /** T-60 Media servers that may open a way when there is no direct one; none by default. */
  relays?: (() => readonly Relay[]) | undefined;
  /** T-60 The direct way works again. */
  onDirectAgain?: (() => void) | undefined;
  /** The address of this machine that connections come from; the system's choice by default. */
  localAddress?: string | undefined;
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
  let lastContactMs: number | undefined;
  let lastError: AppError | undefined;
  const stopping = new AbortController();

  function servers(): KnownServer[] {
    const list = options.documents.held('list');
    if (list === undefined) {
      const { host, port, serverId } = options.bootstrap;
      return [known({ priority: 1, serverId, address: host, port, acceptedKeys: [] })];
    }
    // HTTP entries are for agents whose secure communication is off (F-20).
    return list.payload.servers.filter((server) => server.protocol === 'https').map(known);
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
  function pick(tried: ReadonlySet<string>): KnownServer | undefined {
    const left = servers().filter((server) => !tried.has(server.key));
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

  function failed(server: KnownServer, error: AppError): void {
    failures.set(server.key, { count: (failures.get(server.key)?.count ?? 0) + 1, lastMs: clock.nowMs() });
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
  }

  const shown = () => {
    const { keyPem, chainPem } = options.identity();
    return {
      ca: options.trust().anchors.map((anchor) => certificateToPem(anchor.der)),
      identity: { keyPem, chainPem },
    };
  };
  const toServer = (server: KnownServer) => ({
    host: server.address,
    port: server.port,
    ...shown(),
    verify: (peer: PresentedPeer) => {
      verifyServer(peer, options.trust(), server);
    },
  });

  function dialServer(
    server: KnownServer,
    how: Pick<DialOptions, 'signal' | 'timeoutMs' | 'over'>,
  ): Promise<TLSSocket> {
    let kept = sessions.get(server.key);
    if (kept === undefined) sessions.set(server.key, (kept = new TlsSessions()));
    const localAddress = how.over === undefined ? options.localAddress : undefined;
    return dialTls({ ...toServer(server), localAddress, ...how, sessions: kept });
  }

  /** Our own TLS to the server, inside a tunnel: the media server sees none of it. */
  async function dialThrough(server: KnownServer, relay: Relay, signal: AbortSignal): Promise<TLSSocket> {
    const target = { host: server.serverId, port: server.port };
    const over = await openTunnel(relay, target, {
      ...shown(),
      signal,
      verify: (peer) => {
        verifyMediaServer(peer, options.trust(), relay.hostId);
      },
    });
    return dialServer(server, { signal, over });
  }

  function routeTo(server: KnownServer): ServerRoute {
    const found = routes.get(server.key);
    if (found !== undefined) return found;
    const route = new ServerRoute({
      server: `${server.address}:${server.port}`,
      relays: options.relays ?? (() => []),
      direct: (signal, timeoutMs) =>
        dialServer(server, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
      through: (relay, signal) => dialThrough(server, relay, signal),
      onDirectAgain: () => {
        for (const agent of agents.values()) retire(agent);
        agents.clear();
        options.onDirectAgain?.();
      },
      clock,
      log,
    });
    routes.set(server.key, route);
    return route;
  }
  const dial = (server: KnownServer, signal: AbortSignal): Promise<TLSSocket> => routeTo(server).dial(signal);

  function agentFor(server: KnownServer): DialingAgent {
    const found = agents.get(server.key);
    if (found !== undefined) return found;
    const agent = new DialingAgent((signal) => dial(server, signal), CONNECTIONS_MAX);
    agents.set(server.key, agent);
    return agent;
  }

  /** Tries one server after the other until one answers; its refusal is an answer. */
  async function withServer<T>(work: (server: KnownServer) => Promise<T>): Promise<T> {
    const tried = new Set<string>();
    for (;;) {
      if (stopping.signal.aborted) throw new AppError('SERVER_STOPPING');
      const server = pick(tried);
      if (server === undefined)
        throw lastError ?? new AppError('SERVER_UNREACHABLE', { server: '-', detail: '-' });
      tried.add(server.key);
      try {
        const result = await work(server);
        reached(server);
        return result;
      } catch (error) {
        const refusal = asRefusal(server, error);
        if (!isConnectionFailure(refusal)) {
          reached(server);
          if (refusesHost(refusal)) lastError = refusal;
          throw refusal;
        }
        failed(server, refusal);
      }
    }
  }

  return {
    call: (route, input) =>
      withServer((server) =>
        callRoute({ host: server.address, port: server.port, agent: agentFor(server) }, route, input),
      ),
    reenroll: (csrDer) =>
      withServer((server) =>
        simpleReenroll(
          { host: server.address, port: server.port, agent: agentFor(server) },
          { csrDer, nowMs: clock.nowMs() },
        ),
      ),
    openChannel: () =>
      withServer(async (server) => openWebSocket(server, await dial(server, stopping.signal))),
    restsUntilMs() {
      const chosen = choice();
      return chosen.state === 'wait' ? chosen.untilMs : undefined;
    },
    betterIsReady() {
      const chosen = choice();
      return current !== undefined && chosen.state === 'use' && chosen.server.key !== current;
    },
    get server() {
      const chosen = choice();
      return (
        servers().find((server) => server.key === current) ??
        (chosen.state === 'use' ? chosen.server : undefined)
      );
    },
    lookForDirect() {
      const inUse = servers().find((server) => server.key === current);
      if (inUse !== undefined) void routeTo(inUse).lookForDirect(stopping.signal);
    },
    get via() {
      return current === undefined ? undefined : routes.get(current)?.via;
    },
    publicTarget(httpPort) {
      const server = this.server;
      if (server === undefined) return undefined;
      if (routeTo(server).mayBeDirect) return { host: server.address, port: httpPort };
      return { host: server.address, port: server.port, agent: agentFor(server) };
    },
    relayed: () => (options.documents.held('list') === undefined ? [] : servers()),
    openRelay: (server, clientAddress, signal) =>
      openRelayStream(toServer(server), clientAddress, AbortSignal.any([signal, stopping.signal])),
    get lastContactMs() {
      return lastContactMs;
    },
    get lastError() {
      return lastError;
    },
    identityChanged() {
      for (const agent of agents.values()) retire(agent);
      agents.clear();
      sessions.clear();
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
  acceptedKeys: server.acceptedKeys,
});

/** Idle connections end now, busy ones after their request. */
function retire(agent: DialingAgent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
  agent.maxFreeSockets = 0;
}

/** What a PEER_… check found, or the network: not what the server answered. */
const isConnectionFailure = (error: AppError): boolean =>
  error.code === 'SERVER_UNREACHABLE' || (error.code.startsWith('PEER_') && !ANSWERS.has(error.code));
/** Codes with which a server answers about our own certificate. */
const ANSWERS: ReadonlySet<string> = new Set(['PEER_CERTIFICATE_REQUIRED', 'PEER_CERTIFICATE_UNKNOWN']);

/** The server answered, and this host's certificate is what it does not accept. */
const refusesHost = (error: AppError): boolean =>
  ANSWERS.has(error.code) || error.code.startsWith('CERTIFICATE_');

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
