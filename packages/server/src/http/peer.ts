import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { DomainFacts } from '../context.ts';
import type { KeyStore } from '../features/keys/key-store.ts';
import type { CertificateRegistry } from '../features/revocation/certificate-registry.ts';
import { originOfSocket } from './request-origin.ts';
import { VerifiedChains } from './verified-chains.ts';

/** The host at the other end: its certificate was verified, and nothing a body says can change who it is. */
export interface PeerIdentity {
  readonly hostId: HostId;
  readonly fingerprint: Sha256Hex;
  readonly serial: string;
  readonly issuerKeyId: string;
  readonly notAfterMs: number;
}

/** What is known of a connection after its handshake. */
export type ConnectionPeer =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusal: AppError }
  /** F-38 Its certificate leads to no CA of now, but is in the registry, byte for byte: one of a CA that has left. */
  | { readonly kind: 'late'; readonly peer: PeerIdentity }
  | { readonly kind: 'verified'; readonly peer: PeerIdentity };

/** What a peer comes for. */
export type PeerPurpose = 'anything' | 'renewal';

/** What a connection's certificate is judged with. */
export interface PeerReaderParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly domain: DomainFacts;
  readonly keys: KeyStore;
  readonly registry: CertificateRegistry;
  /** False while this server cannot read the change feed: then nobody is let in (design.md, Data). */
  readonly isFresh: () => boolean;
  readonly catchUp: () => Promise<void>;
  /** Hears of each request of a host whose certificate counts. */
  readonly onPeer?: (peer: PeerIdentity, socket: Socket) => void;
  /** Hears of each certificate, or lack of one, that was refused: for the audit log. */
  readonly onRefused?: (refusal: { code: string; origin: string; subject: string }) => void;
}

/** Verifies a connection's certificate once, and answers for every request on it whether it still counts (T-02, T-42). */
export class PeerReader {
  readonly #parts: PeerReaderParts;
  readonly #peers = new WeakMap<Socket, ConnectionPeer>();
  readonly #chains = new VerifiedChains();

  constructor(parts: PeerReaderParts) {
    this.#parts = parts;
  }

  /** The chain is checked at the first call for a socket; the registry is not asked here. */
  connectionPeer(socket: Socket): ConnectionPeer {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const peer = this.#verify(socket);
    this.#peers.set(socket, peer);
    return peer;
  }

  /**
   * The verified host of this request. Refusals: PEER_CERTIFICATE_REQUIRED, the failed check of the chain (PEER_…),
   * PEER_CERTIFICATE_EXPIRED, PEER_CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_CA_RETIRED, SERVER_STOPPING.
   */
  requirePeer(socket: Socket): PeerIdentity {
    return this.#require(socket, 'anything');
  }

  #require(socket: Socket, what: PeerPurpose): PeerIdentity {
    const connection = this.connectionPeer(socket);
    if (connection.kind === 'none') throw new AppError('PEER_CERTIFICATE_REQUIRED');
    if (connection.kind === 'refused') throw connection.refusal;
    if (!this.#parts.isFresh()) throw new AppError('SERVER_STOPPING');
    const { peer } = connection;
    const entry = this.#parts.registry.lookup(peer.fingerprint);
    if (entry === undefined || entry.hostId !== peer.hostId)
      throw new AppError('PEER_CERTIFICATE_UNKNOWN', { fingerprint: peer.fingerprint });
    if (entry.revoked) throw new AppError('CERTIFICATE_REVOKED');
    if (peer.notAfterMs < this.#parts.clock.nowMs())
      throw new AppError('PEER_CERTIFICATE_EXPIRED', {
        subject: peer.hostId,
        notAfter: new Date(peer.notAfterMs).toISOString(),
      });
    if (connection.kind === 'late' && what !== 'renewal') throw new AppError('CERTIFICATE_CA_RETIRED');
    this.#parts.registry.noteUse(peer.fingerprint);
    this.#parts.onPeer?.(peer, socket);
    return peer;
  }

  /**
   * The same; a certificate that another process has just issued is looked for once more after the feed caught up. For a `renewal` a
   * certificate will do whose CA has left (F-38), as long as the registry has it by its fingerprint, unexpired and unrevoked: the handshake
   * has proved its key.
   */
  async awaitPeer(socket: Socket, what: PeerPurpose = 'anything'): Promise<PeerIdentity> {
    try {
      return this.#require(socket, what);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'PEER_CERTIFICATE_UNKNOWN') {
        this.#noteRequest(error, socket);
        throw error;
      }
    }
    await this.#parts.catchUp();
    try {
      return this.#require(socket, what);
    } catch (error) {
      this.#noteRequest(error, socket);
      throw error;
    }
  }

  /** A chain that does not verify was noted with its connection. */
  #noteRequest(error: unknown, socket: Socket): void {
    const connection = this.connectionPeer(socket);
    if (!(error instanceof AppError) || connection.kind === 'refused' || error.code === 'SERVER_STOPPING')
      return;
    this.#note(error, socket, connection.kind === 'none' ? undefined : connection.peer.hostId);
  }

  #note(refusal: AppError, socket: Socket, subject: string | undefined): void {
    const { onRefused } = this.#parts;
    if (onRefused === undefined) return;
    onRefused({
      code: refusal.code,
      origin: originOfSocket(socket),
      subject: subject ?? String(refusal.params['subject'] ?? 'unknown'),
    });
  }

  #verify(socket: Socket): ConnectionPeer {
    if (!(socket instanceof TLSSocket)) return { kind: 'none' };
    const presented = socket.getPeerX509Certificate();
    if (presented === undefined) return { kind: 'none' };
    const { clock, domain, keys, log } = this.#parts;
    const facts = { anchors: keys.anchors(), issuers: keys.issuers() };
    const known = this.#chains.find(presented.fingerprint256, facts, clock.nowMs());
    if (known !== undefined) return known;
    let leaf: Certificate | undefined;
    try {
      leaf = parseCertificate(presented.raw);
      const { hostId, issuerKeyId } = verifyChain({
        leaf,
        intermediates: facts.issuers,
        anchors: facts.anchors,
        nowMs: clock.nowMs(),
        domainId: domain.id,
        role: 'host-client',
      });
      if (hostId === undefined) throw new AppError('PEER_CERTIFICATE_REQUIRED');
      const { fingerprint, serial, notAfterMs } = leaf;
      const peer = { hostId, fingerprint, serial, issuerKeyId, notAfterMs };
      const verified = { kind: 'verified' as const, peer };
      this.#chains.keep(presented.fingerprint256, leaf, verified);
      return verified;
    } catch (error) {
      const refusal =
        error instanceof AppError ? error : new AppError('PEER_CERTIFICATE_REQUIRED', {}, { cause: error });
      const late =
        refusal.code === 'PEER_CHAIN_UNTRUSTED' && leaf !== undefined ? this.#late(leaf) : undefined;
      if (late !== undefined) return { kind: 'late', peer: late };
      log.warn({ code: refusal.code, address: socket.remoteAddress }, 'client certificate refused');
      this.#note(refusal, socket, undefined);
      return { kind: 'refused', refusal };
    }
  }

  /** Was exactly this certificate issued here once? Who it is says the registry, not the certificate. */
  #late({ fingerprint, serial, notAfterMs }: Certificate): PeerIdentity | undefined {
    const entry = this.#parts.registry.lookup(fingerprint);
    if (entry === undefined) return undefined;
    const { hostId, issuerKeyId } = entry;
    return { hostId, fingerprint, serial, issuerKeyId, notAfterMs };
  }
}
