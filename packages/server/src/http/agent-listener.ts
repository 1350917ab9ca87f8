import { AppError } from '@sekisho/core/errors.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Random } from '@sekisho/core/time.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { CHANNEL_PATH } from '@sekisho/core/wire/agent.ts';
import { RELAY_CLIENT_HEADER, RELAY_PATH, RELAY_PROTOCOL } from '@sekisho/core/wire/relay.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { answerClientErrors, refuseRaw } from './client-error.ts';
import type { PeerConnections } from './connections.ts';
import { HandshakePacer, takeOverConnections } from './handshake-pacer.ts';
import type { PeerIdentity, PeerReader } from './peer.ts';
import { problemHeaders, problemOf, refusalOf } from './refusal.ts';
import { addressOf } from './request-origin.ts';
import { RelayStreams } from './relay-streams.ts';
import { relayedBy } from './relayed.ts';
import { nextRequestId } from './request-id.ts';

export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** All headers of a request must be here by then: what slow-loris does not do. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request, body included. */
export const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
const CONNECTIONS_CHECK_MS = 2_000;
const TICKET_KEY_BYTES = 48;

/** What the agent port needs before anything is served behind it. */
export interface AgentListener {
  readonly server: Server;
  /** From now on requests are answered; before, and after `undefined`, with SERVER_STOPPING. */
  serve(behind: AgentServing | undefined): void;
  /** Swaps key and certificate, and the CA names that clients are told, in the running process (F-39). */
  replaceTls(tls: { key: string; cert: string }, caPem?: string): void;
  /** Nobody resumes an older session (T-42). */
  changeTicketKeys(): void;
  /** Streams of media servers for hosts in a DMZ (T-60). */
  readonly relays: RelayStreams;
}

export interface AgentServing {
  /** False: others may take this process for dead and have withdrawn the certificate that it shows. Then no handshake is begun. */
  readonly mayShow: () => boolean;
  readonly app: FastifyInstance;
  readonly peers: PeerReader;
  readonly handleUpgrade: (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    peer: PeerIdentity,
  ) => void;
  /** T-60, T-62 May this host relay for others? Rejects with the refusal. */
  readonly admitRelay: (hostId: HostId, address: string) => Promise<void>;
}

/**
 * Port 13000: TLS 1.2 or better; a client certificate is asked for and judged by our own code with the injected clock, once
 * a connection; who shows none may only ask what is public, and such connections are capped in number and idle time.
 */
export function createAgentListener(parts: {
  tls: { key: string; cert: string };
  /** CA names that the handshake tells clients, in PEM. */
  caPem: string;
  connections: PeerConnections;
  random: Random;
  log: Log;
}): AgentListener {
  const { connections, log } = parts;
  let serving: AgentServing | undefined;
  /** Connections in whose handshake an earlier certificate was shown: each is good for the request that comes next. */
  const ofBefore = new WeakSet<Socket>();
  let { caPem } = parts;
  const tlsOptions = ({ key, cert }: { key: string; cert: string }) => ({
    key,
    cert,
    ca: caPem,
    minVersion: 'TLSv1.2' as const,
  });
  const server = createServer(
    {
      ...tlsOptions(parts.tls),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false, // asked for in app.ts, where the refusal gets its words
    },
    (request, response) => {
      if (serving === undefined) answerUnready(response);
      else {
        // who asks again makes a new connection, and sees the certificate of now
        if (ofBefore.has(request.socket)) response.shouldKeepAlive = false;
        serving.app.routing(request, response);
      }
    },
  );
  const relays = new RelayStreams(server, { connections, log });
  const begin = takeOverConnections(server);
  const pacer = new HandshakePacer((raw) => {
    if (serving?.mayShow() === false) raw.destroy();
    else begin(raw);
  });
  server.on('connection', (raw: Socket) => {
    // those are counted with their media server's
    if (!relays.isStream(raw)) {
      connections.accepted(raw);
      raw.on('error', destroy);
    }
    pacer.accept(raw);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', destroy);
    relays.claim(socket);
    const known = serving?.peers.connectionPeer(socket);
    if (known?.kind === 'verified') {
      connections.verified(socket, known.peer);
      relays.verified(socket);
    } else connections.anonymous(socket);
  });
  server.on('tlsClientError', (error: Error) => {
    log.debug({ err: error }, 'TLS handshake failed');
  });
  answerClientErrors(server);
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const behind = serving;
    if (behind === undefined) throw new AppError('SERVER_STOPPING');
    const path = (request.url ?? '').split('?')[0];
    if (path !== CHANNEL_PATH && path !== RELAY_PATH) throw new AppError('ROUTE_UNKNOWN');
    const peer = await behind.peers.awaitPeer(request.socket);
    if (socket.destroyed) return;
    if (path === CHANNEL_PATH) behind.handleUpgrade(request, socket, head, peer);
    else await relay(behind, request, head, peer.hostId);
  };
  /** T-60 Only over a connection of its own: a tunnel in a tunnel leads nowhere. */
  const relay = async (
    behind: AgentServing,
    request: IncomingMessage,
    head: Buffer,
    hostId: HostId,
  ): Promise<void> => {
    const { socket } = request;
    const client = request.headers[RELAY_CLIENT_HEADER];
    const clientAddress = typeof client === 'string' ? canonicalIp(client) : undefined;
    const isWish = request.method === 'GET' && request.headers.upgrade === RELAY_PROTOCOL;
    if (
      !isWish ||
      clientAddress === undefined ||
      !(socket instanceof TLSSocket) ||
      relayedBy(socket) !== undefined
    )
      throw new AppError('REQUEST_MALFORMED');
    await behind.admitRelay(hostId, addressOf(socket));
    if (socket.destroyed) return;
    await behind.peers.awaitPeer(socket); // what was revoked meanwhile counts
    relays.accept(socket, head, { relay: hostId, clientAddress });
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(request, socket, head).catch((error: unknown) => {
      refuseRaw(socket, refusalOf(error, log), request.headers['accept-language']);
    });
  });
  return {
    server,
    relays,
    serve: (behind) => {
      serving = behind;
    },
    replaceTls: (tls, ca = caPem) => {
      caPem = ca;
      server.setSecureContext(tlsOptions(tls));
      for (const socket of connections.verifiedSockets()) ofBefore.add(socket);
    },
    changeTicketKeys: () => {
      server.setTicketKeys(Buffer.from(parts.random.bytes(TICKET_KEY_BYTES)));
    },
  };
}

/** One for all sockets. */
function destroy(this: Socket): void {
  this.destroy();
}

/** Answers while nothing is served: the server starts or stops. */
export function answerUnready(response: ServerResponse): void {
  const refusal = new AppError('SERVER_STOPPING');
  const requestId = nextRequestId();
  const headers = { ...problemHeaders(refusal, undefined), 'x-request-id': requestId, connection: 'close' };
  response.writeHead(refusal.status, headers);
  response.end(JSON.stringify(problemOf(refusal, undefined, requestId)));
}
