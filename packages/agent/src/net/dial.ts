import { AppError } from '@sekisho/core/errors.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { Agent } from 'node:http';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { SessionTerms, TlsSession, TlsSessions } from './tls-sessions.ts';

/** Certificates of a peer that are looked at: leaf, issuing CA, root, and one to spare. */
const PRESENTED_CERTIFICATES_MAX = 8;
export const CONNECT_TIMEOUT_MS = 10_000;
/** A connection that is silent for so long is probed: one that is half open is noticed, whatever the heartbeat's period. */
const KEEP_ALIVE_AFTER_MS = 60_000;

export const TLS_VERSION_MIN = 'TLSv1.2' as const;

/** What the other side of a new connection showed. */
export interface PresentedPeer {
  readonly leaf: Certificate;
  /** Leaf first. */
  readonly chain: readonly Certificate[];
  /** OpenSSL's own verdict against the given anchors: undefined when it agrees. */
  readonly opensslRefusal: string | undefined;
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the anchors. */
  readonly ca: readonly string[];
  /** Our certificate, when we show one. */
  readonly identity?: { readonly keyPem: string; readonly chainPem: string } | undefined;
  /** Both of these as OpenSSL wants them, when they were read before. */
  readonly context?: SecureContext | undefined;
  /** Every check on the peer; throws the refusal. Nothing is sent before it returns. */
  readonly verify: (peer: PresentedPeer) => void;
  /** What has to be asked of others once all of that passed (T-31); rejects with the refusal. */
  readonly confirm?: ((peer: PresentedPeer) => Promise<void>) | undefined;
  readonly timeoutMs?: number;
  /** The address of this machine that the connection comes from; the system's choice by default. */
  readonly localAddress?: string | undefined;
  /** How names become addresses; the system's way by default. */
  readonly lookup?: LookupFunction | undefined;
  /** A stream to run in, instead of a connection of its own: a tunnel (T-60). It ends with it. */
  readonly over?: Duplex | undefined;
  /** The other side may end its sending while ours goes on. */
  readonly allowHalfOpen?: boolean;
  /** Gives the connection up while it is being made. */
  readonly signal?: AbortSignal | undefined;
  /** Earlier sessions with this server, if they may be resumed. */
  readonly sessions?: TlsSessions | undefined;
}

/** Only these are resumed: their keys are agreed anew each time, so that a ticket's key that leaks later opens nothing. */
const RESUMED_PROTOCOL = 'TLSv1.3';

/**
 * Opens a TLS connection (1.2 or newer) and hands it out only when the peer passed every check. The checks run on each
 * connection, as Node's own hook is skipped for resumed sessions. A resumed session shows no certificate: what the server showed when
 * it began is judged by what is known now, and when that does not pass, a full handshake decides. What fails below TLS rejects
 * with the system's error, a failed check with its PEER_… refusal.
 */
export async function dialTls(options: DialOptions): Promise<TLSSocket> {
  const terms = { ca: options.ca, chainPem: options.identity?.chainPem ?? '' };
  const session = options.sessions?.take(terms);
  if (session !== undefined) {
    const resumed = await dialOnce(options, terms, session);
    if (resumed !== 'refused session') return resumed;
    options.sessions?.clear();
  }
  const socket = await dialOnce(options, terms, undefined);
  if (socket === 'refused session') throw new Error('a session was refused that nobody offered');
  return socket;
}

function dialOnce(
  options: DialOptions,
  terms: SessionTerms,
  session: TlsSession | undefined,
): Promise<TLSSocket | 'refused session'> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(options.over === undefined ? { host: options.host, port: options.port } : { socket: options.over }),
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      ...(options.allowHalfOpen === undefined ? {} : { allowHalfOpen: options.allowHalfOpen }),
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
      ...contextOf(options),
      ...(session === undefined ? {} : { session: session.ticket }),
      // Judged right below, with the check named; OpenSSL's verdict is one of the checks.
      rejectUnauthorized: false,
      // Names are bound to IDs by signed documents, not by what a certificate says of itself.
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1'],
    });
    const { over } = options;
    socket.once('close', () => over?.destroy());
    const fail = (error: unknown): void => {
      socket.destroy();
      over?.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const timer = setTimeout(() => {
      fail(Object.assign(new Error('the connection timed out'), { code: 'ETIMEDOUT' }));
    }, options.timeoutMs ?? CONNECT_TIMEOUT_MS);
    const abort = (): void => {
      fail(Object.assign(new Error('the connection was given up'), { code: 'ECONNABORTED' }));
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) abort();
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    };
    socket.once('close', settle);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      settle();
      const resumed = socket.isSessionReused() ? session : undefined;
      let presented: PresentedPeer;
      try {
        presented = resumed?.presented ?? presentedBy(socket);
        options.verify(presented);
      } catch (error) {
        if (resumed !== undefined) resolve('refused session');
        fail(error);
        return;
      }
      const handOut = (): void => {
        socket.removeAllListeners('error');
        socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
        const { sessions } = options;
        if (sessions !== undefined && socket.getProtocol() === RESUMED_PROTOCOL)
          socket.on('session', (ticket) => {
            sessions.keep(terms, { ticket, presented });
          });
        resolve(socket);
      };
      // while others are asked the first listener for errors stays: who goes away meanwhile is told of
      if (options.confirm === undefined) handOut();
      else options.confirm(presented).then(handOut, fail);
    });
  });
}

const contextOf = ({ ca, context, identity }: DialOptions) =>
  context === undefined
    ? {
        ca: [...ca],
        ...(identity === undefined ? {} : { key: identity.keyPem, cert: identity.chainPem }),
        minVersion: TLS_VERSION_MIN,
      }
    : { secureContext: context };

/** An HTTP agent whose connections are dialled, and checked, by us. Requests go through `node:http`: TLS is below them. */
export class DialingAgent extends Agent {
  readonly #dial: (signal: AbortSignal) => Promise<Socket>;
  readonly #ended = new AbortController();
  readonly #mayKeep: (socket: Duplex) => boolean;

  /** `mayKeep`: may a connection whose request has ended carry another? By default it may. */
  constructor(
    dial: (signal: AbortSignal) => Promise<Socket>,
    connectionsMax: number,
    mayKeep: (socket: Duplex) => boolean = () => true,
  ) {
    super({ keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax });
    this.#dial = dial;
    this.#mayKeep = mayKeep;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    if (!this.#mayKeep(socket)) return false;
    // Node's own answer, which its types don't know: the server may have said that it closes
    const kept: unknown = super.keepSocketAlive(socket);
    return kept !== false;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#dial(this.#ended.signal).then(
      (socket) => callback?.(null, socket),
      (error: unknown) => {
        (callback as ((error: unknown) => void) | undefined)?.(error);
      },
    );
  }

  /** Ends idle and busy connections, and those that are still being made. */
  override destroy(): void {
    this.#ended.abort();
    super.destroy();
  }
}

function presentedBy(socket: TLSSocket): PresentedPeer {
  const chain: Certificate[] = [];
  // `true`: with the issuers. It ends in a certificate that is its own issuer, or in none.
  let current = socket.getPeerCertificate(true) as { raw?: Buffer; issuerCertificate?: unknown } | undefined;
  const seen = new Set<string>();
  while (current?.raw !== undefined && chain.length < PRESENTED_CERTIFICATES_MAX) {
    const certificate = parseCertificate(current.raw);
    if (seen.has(certificate.fingerprint)) break;
    seen.add(certificate.fingerprint);
    chain.push(certificate);
    current = current.issuerCertificate as typeof current;
  }
  const [leaf] = chain;
  if (leaf === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
  return {
    leaf,
    chain,
    opensslRefusal: socket.authorized ? undefined : String(socket.authorizationError),
  };
}
