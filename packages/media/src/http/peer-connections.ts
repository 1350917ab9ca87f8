import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { TLSSocket } from 'node:tls';
import { CONNECTIONS_PER_HOST_MAX } from '../limits.ts';

/** Says which host a chain (leaf first) belongs to, or throws the AppError that names the failed check. */
export type Authorize = (chain: Certificate[]) => { hostId: HostId };

/**
 * T-31 May this host go by the name that its certificate claims? Undefined: yes, and it was known. Asked for each connection that is
 * authorized; rejects with the refusal.
 */
export type Confirm = (peer: {
  readonly hostId: HostId;
  readonly leaf: Certificate;
}) => Promise<void> | undefined;

interface Peer {
  readonly hostId: HostId;
  readonly chain: Certificate[];
}

const CHAIN_LENGTH_MAX = 8;

/** What OpenSSL's own verdict means in our words; anything else is a chain that leads nowhere. */
const TLS_VERDICTS: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: 'PEER_CERTIFICATE_EXPIRED',
  CERT_NOT_YET_VALID: 'PEER_CERTIFICATE_NOT_YET_VALID',
  CERT_SIGNATURE_FAILURE: 'PEER_SIGNATURE_INVALID',
  CERT_REVOKED: 'PEER_REVOKED',
  INVALID_PURPOSE: 'PEER_ROLE_WRONG',
};

/** The live connections, by host. Identity comes from the TLS peer certificate alone, and is asked again per request. */
export class PeerConnections {
  readonly #authorize: Authorize;
  readonly #confirm: Confirm | undefined;
  readonly #log: Log;
  /** Connections of a host that wait for an answer; they count with its others. */
  readonly #waiting = new Map<HostId, number>();
  readonly #peers = new Map<TLSSocket, Peer>();
  readonly #byHost = new Map<HostId, Set<TLSSocket>>();
  readonly #busy = new Map<TLSSocket, number>();

  constructor(authorize: Authorize, confirm: Confirm | undefined, log: Log) {
    this.#authorize = authorize;
    this.#confirm = confirm;
    this.#log = log;
  }

  get size(): number {
    return this.#peers.size;
  }

  /**
   * Checks a connection whose handshake has ended, and keeps it; a promise when its name has to be asked for first.
   * @throws AppError that names the failed check
   */
  admit(socket: TLSSocket): void | Promise<void> {
    const chain = chainOf(socket);
    const [leaf] = chain;
    if (leaf === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
    if (!socket.authorized) throw refusalOfTls(leaf, String(socket.authorizationError));
    const { hostId } = this.#authorize(chain);
    const waiting = this.#waiting.get(hostId) ?? 0;
    if ((this.#byHost.get(hostId)?.size ?? 0) + waiting >= CONNECTIONS_PER_HOST_MAX)
      throw new AppError('RATE_LIMITED', { retrySeconds: 60 });
    const confirming = this.#confirm?.({ hostId, leaf });
    if (confirming === undefined) {
      this.#keep(socket, hostId, chain);
      return;
    }
    this.#waiting.set(hostId, waiting + 1);
    return confirming
      .finally(() => {
        const left = (this.#waiting.get(hostId) ?? 1) - 1;
        if (left > 0) this.#waiting.set(hostId, left);
        else this.#waiting.delete(hostId);
      })
      .then(() => {
        if (socket.destroyed) return;
        this.#authorize(chain); // what was revoked meanwhile counts
        this.#keep(socket, hostId, chain);
      });
  }

  #keep(socket: TLSSocket, hostId: HostId, chain: Certificate[]): void {
    const sockets = this.#byHost.get(hostId) ?? new Set();
    sockets.add(socket);
    this.#byHost.set(hostId, sockets);
    this.#peers.set(socket, { hostId, chain });
    socket.once('close', () => {
      this.#drop(socket);
    });
  }

  /** T-31 It was decided anew who goes by names: live connections of hosts that may not go on are cut; how many. */
  async confirmAgain(concerned: (leaf: Certificate) => boolean): Promise<number> {
    let cut = 0;
    for (const [socket, { hostId, chain }] of [...this.#peers]) {
      const [leaf] = chain;
      if (leaf === undefined || !concerned(leaf)) continue;
      try {
        await this.#confirm?.({ hostId, leaf });
      } catch (error) {
        this.#log.warn({ error, remote: socket.remoteAddress }, 'live connection cut');
        this.#destroy(socket);
        cut += 1;
      }
    }
    return cut;
  }

  /** The host behind a socket, authorized anew now. */
  authorizeAgain(socket: TLSSocket): HostId {
    const peer = this.#peers.get(socket);
    if (peer === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
    const { hostId } = this.#authorize(peer.chain);
    return hostId;
  }

  /** A request of this connection is answered; called with how to end it. */
  begin(socket: TLSSocket): () => void {
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    return () => {
      const left = (this.#busy.get(socket) ?? 1) - 1;
      if (left > 0) this.#busy.set(socket, left);
      else this.#busy.delete(socket);
    };
  }

  /** Destroys every connection of a host; how many there were. */
  cut(hostId: HostId): number {
    const sockets = [...(this.#byHost.get(hostId) ?? [])];
    for (const socket of sockets) this.#destroy(socket);
    return sockets.length;
  }

  /**
   * Asks again for every live connection, and destroys those that are refused now. One whose CA has left meanwhile may end the request that
   * it is in (F-36): the next is refused.
   */
  cutUnauthorized(): number {
    let cut = 0;
    for (const socket of [...this.#peers.keys()]) {
      try {
        this.authorizeAgain(socket);
      } catch (error) {
        if (error instanceof AppError && error.code === 'PEER_CHAIN_UNTRUSTED' && this.#busy.has(socket))
          continue;
        this.#log.warn({ error, remote: socket.remoteAddress }, 'live connection cut');
        this.#destroy(socket);
        cut += 1;
      }
    }
    return cut;
  }

  cutAll(): void {
    for (const socket of [...this.#peers.keys()]) this.#destroy(socket);
  }

  #destroy(socket: TLSSocket): void {
    this.#drop(socket);
    socket.destroy();
  }

  #drop(socket: TLSSocket): void {
    const peer = this.#peers.get(socket);
    if (peer === undefined) return;
    this.#peers.delete(socket);
    const sockets = this.#byHost.get(peer.hostId);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#byHost.delete(peer.hostId);
  }
}

/** The certificates that the peer showed, leaf first. */
function chainOf(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < CHAIN_LENGTH_MAX) {
    const certificate = parseCertificate(next.raw);
    if (chain.some((known) => known.fingerprint === certificate.fingerprint)) break;
    chain.push(certificate);
    next = next.issuerCertificate;
  }
  return chain;
}

function refusalOfTls(leaf: Certificate, verdict: string): AppError {
  return new AppError(
    TLS_VERDICTS[verdict] ?? 'PEER_CHAIN_UNTRUSTED',
    {
      subject: leaf.subjectCn ?? leaf.fingerprint,
      notAfter: new Date(leaf.notAfterMs).toISOString(),
      notBefore: new Date(leaf.notBeforeMs).toISOString(),
      role: 'host',
    },
    { cause: new Error(`TLS: ${verdict}`) },
  );
}
