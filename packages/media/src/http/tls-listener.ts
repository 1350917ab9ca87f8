import { AppError } from '@sekisho/core/errors.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  CONNECTIONS_MAX,
  HANDSHAKE_MAX_MS,
  HEADERS_COUNT_MAX,
  HEADERS_MAX_MS,
  KEEP_ALIVE_MS,
  SOCKET_IDLE_MAX_MS,
  UNAUTHENTICATED_CONNECTIONS_MAX,
} from '../limits.ts';
import { readTunnelRequest, type TunnelRequest } from '../tunnel/read-tunnel-request.ts';
import { rawProblem, refusalOfParser, toAppError } from './send-problem.ts';

/** Key and certificates of the media server (PEM; `cert` is the leaf and its issuing CA), and the CAs that clients chain to. */
export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  readonly ca: readonly string[];
}

/** Lets a connection in, or throws the refusal; a promise when somebody has to be asked first. */
export type Admit = (socket: TLSSocket) => void | Promise<void>;

/** What is done with wishes for a tunnel (T-60); each rejects with the refusal. */
export interface TunnelDoor {
  /** Of a connection that showed no certificate: it may ask for this alone. */
  readonly ofStranger: (socket: TLSSocket, request: TunnelRequest) => Promise<void>;
  /** Of a host that was admitted. */
  readonly ofHost: (socket: TLSSocket, request: IncomingMessage, head: Buffer) => Promise<void>;
}

interface ListenerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly admit: Admit;
  /** Left out: there are no tunnels here. */
  readonly tunnels?: TunnelDoor | undefined;
}

/** OpenSSL saw `CONNECT` where TLS should begin: a host that speaks none asks for a tunnel. */
const PLAIN_CONNECT = 'ERR_SSL_HTTPS_PROXY_REQUEST';
const TICKET_KEYS_BYTES = 48;
const REFUSAL_WAIT_MS = 5_000;
const REFUSAL_LINGER_MS = 500;

/**
 * An HTTPS listener that lets a connection reach the HTTP parser only after `admit` accepted its peer. TLS itself does not
 * end a bad handshake, because then the other side would see a cut connection instead of the check that failed (T-02): it
 * gets one answer that names the check, and the connection ends.
 */
export class TlsListener {
  readonly server: Server;
  readonly #options: ListenerParts;
  readonly #serveHttp: (socket: TLSSocket) => void;
  /** Oldest first; the key is the remote end. */
  readonly #unauthenticated = new Map<string, Socket>();
  readonly #refused = new Set<TLSSocket>();

  constructor(tls: TlsMaterial, handler: RequestListener, options: ListenerParts) {
    this.#options = options;
    this.server = createServer(
      {
        ...material(tls),
        requestCert: true,
        rejectUnauthorized: false, // judged in #receive, before anything is parsed
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: HANDSHAKE_MAX_MS,
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_MAX_MS,
        requestTimeout: 0, // a large upload may take hours; a silent one ends by SOCKET_IDLE_MAX_MS
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: 5_000,
        insecureHTTPParser: false,
        requireHostHeader: false, // asked for where the refusal gets its words
      },
      handler,
    );
    this.server.maxHeadersCount = HEADERS_COUNT_MAX;
    this.server.maxConnections = CONNECTIONS_MAX;
    this.server.setTimeout(SOCKET_IDLE_MAX_MS);
    this.changeTicketKeys();
    const [serveHttp] = this.server.listeners('secureConnection');
    if (serveHttp === undefined) throw new AppError('INTERNAL');
    this.#serveHttp = (socket) => {
      Reflect.apply(serveHttp, this.server, [socket]);
    };
    this.server.removeAllListeners('secureConnection');
    this.server.on('secureConnection', (socket: TLSSocket) => {
      this.#receive(socket);
    });
    this.server.on('connection', (socket: Socket) => {
      this.#watchUnauthenticated(socket);
    });
    this.server.on('clientError', (error: Error, socket: Duplex) => {
      const refusal = refusalOfParser(error);
      if (refusal === undefined || !socket.writable) socket.destroy();
      else socket.end(rawProblem(refusal), () => socket.destroy());
    });
    this.server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#connectHost(request, socket, head);
    });
    this.server.on('tlsClientError', (error, socket) => {
      options.log.info({ reason: error.message, remote: socket.remoteAddress }, 'TLS handshake failed');
      const raw = this.#unauthenticated.get(remoteOf(socket));
      const isTunnelWish = 'code' in error && error.code === PLAIN_CONNECT && options.tunnels !== undefined;
      // T-62: below TLS, as it speaks none
      if (isTunnelWish) raw?.write(rawProblem(new AppError('TUNNEL_CLIENT_LEGACY')), () => raw.destroySoon());
      else socket.destroy();
    });
  }

  /** New connections use these from now on; old ones go on. */
  replaceTls(tls: TlsMaterial): void {
    this.server.setSecureContext({ ...material(tls), minVersion: 'TLSv1.2' });
    this.changeTicketKeys();
  }

  /** No TLS session from before can be resumed (T-42). */
  changeTicketKeys(): void {
    this.server.setTicketKeys(Buffer.from(this.#options.random.bytes(TICKET_KEYS_BYTES)));
  }

  /** Destroys what has not been admitted. */
  cutUnauthenticated(): void {
    for (const socket of this.#unauthenticated.values()) socket.destroy();
    for (const socket of this.#refused) socket.destroy();
  }

  /** Until it is admitted a connection stays among those that give way to newcomers; nothing of it is read. */
  #receive(socket: TLSSocket): void {
    const turnAway = (error: unknown): void => {
      this.#unauthenticated.delete(remoteOf(socket));
      const refusal = toAppError(error);
      this.#options.log.warn(
        { code: refusal.code, params: refusal.params, remote: socket.remoteAddress, cause: refusal.cause },
        'peer refused',
      );
      this.#refuse(socket, refusal);
    };
    const letIn = (): void => {
      this.#unauthenticated.delete(remoteOf(socket));
      this.#serveHttp(socket);
    };
    let admitted: void | Promise<void>;
    try {
      admitted = this.#options.admit(socket);
    } catch (error) {
      const isStranger = error instanceof AppError && error.code === 'PEER_CERTIFICATE_MISSING';
      if (isStranger && this.#options.tunnels !== undefined) this.#hear(socket, this.#options.tunnels);
      else turnAway(error);
      return;
    }
    if (admitted === undefined) {
      letIn();
      return;
    }
    const ignore = (): void => undefined; // it may go away while others are asked
    socket.on('error', ignore);
    admitted.then(
      () => {
        socket.off('error', ignore);
        if (!socket.destroyed) letIn();
      },
      (error: unknown) => {
        if (!socket.destroyed) turnAway(error);
      },
    );
  }

  /** Who shows no certificate may ask for a tunnel. Until it has, it stays among those that give way to newcomers. */
  #hear(socket: TLSSocket, tunnels: TunnelDoor): void {
    socket.on('error', () => undefined);
    readTunnelRequest(socket, this.#options.clock)
      .then(async (request) => {
        this.#unauthenticated.delete(remoteOf(socket));
        if (request === undefined) socket.destroy();
        else await tunnels.ofStranger(socket, request);
      })
      .catch((error: unknown) => {
        this.#unauthenticated.delete(remoteOf(socket));
        this.#answerAndEnd(socket, toAppError(error));
      });
  }

  #connectHost(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { tunnels } = this.#options;
    if (!(request.socket instanceof TLSSocket)) {
      socket.destroy();
      return;
    }
    const tls = request.socket;
    tls.on('error', () => undefined);
    tls.setTimeout(0); // the tunnel has limits of its own
    if (tunnels === undefined) this.#answerAndEnd(tls, new AppError('TUNNEL_REQUEST_INVALID'));
    else
      tunnels.ofHost(tls, request, head).catch((error: unknown) => {
        this.#answerAndEnd(tls, toAppError(error));
      });
  }

  /** A refusal on a connection that no HTTP parser serves (any more); then it ends. */
  #answerAndEnd(socket: TLSSocket, refusal: AppError): void {
    const { code, params, cause } = refusal;
    this.#options.log.warn({ code, params, remote: socket.remoteAddress, cause }, 'peer refused');
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    const cancel = this.#options.clock.timer(REFUSAL_LINGER_MS, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      this.#refused.delete(socket);
    });
    socket.end(rawProblem(refusal));
    socket.resume();
  }

  /** One answer to the first bytes, without parsing them; then the connection ends. */
  #refuse(socket: TLSSocket, refusal: AppError): void {
    this.#refused.add(socket);
    let cancel = this.#options.clock.timer(REFUSAL_WAIT_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => {
      cancel();
      this.#refused.delete(socket);
    });
    socket.once('data', () => {
      socket.end(rawProblem(refusal));
      cancel();
      cancel = this.#options.clock.timer(REFUSAL_LINGER_MS, () => socket.destroy());
    });
    socket.setTimeout(REFUSAL_WAIT_MS, () => socket.destroy());
  }

  /** Who has not shown a certificate yet shares a bounded room: the oldest gives way. */
  #watchUnauthenticated(socket: Socket): void {
    const remote = remoteOf(socket);
    this.#unauthenticated.set(remote, socket);
    socket.once('close', () => {
      if (this.#unauthenticated.get(remote) === socket) this.#unauthenticated.delete(remote);
    });
    if (this.#unauthenticated.size <= UNAUTHENTICATED_CONNECTIONS_MAX) return;
    const oldest = this.#unauthenticated.entries().next().value;
    if (oldest === undefined) return;
    this.#unauthenticated.delete(oldest[0]);
    oldest[1].destroy();
  }
}

const remoteOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

const material = (tls: TlsMaterial): { key: string; cert: string; ca: string[] } => ({
  key: tls.key,
  cert: tls.cert,
  ca: [...tls.ca],
});
