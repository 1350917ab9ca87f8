import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { LEGACY_ANSWER_SECONDS } from '@sekisho/core/limits.ts';
import { canonicalName } from '@sekisho/core/rules/naming.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { LookupFunction } from 'node:net';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../identity/identity-store.ts';
import type { PeerDecisions } from '../names/peer-decisions.ts';
import { CONNECT_TIMEOUT_MS, DialingAgent, dialTls, type PresentedPeer } from '../net/dial.ts';
import { describeNetworkError } from '../net/http-request.ts';
import { verifyMediaServer, type TrustFacts } from '../net/verify-peer.ts';

/** A media server as the signed policy names it. */
export interface MediaTarget {
  readonly hostId: HostId;
  readonly name: string;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
  /** T-53: it has no certificate, and is dialled in plain after the management server said yes. */
  readonly legacy?: true | undefined;
}

/** What connections to media servers need of the agent. */
export interface MediaTrust {
  readonly identity: () => Identity;
  readonly trust: () => TrustFacts;
  /** How names become addresses; the system's way by default. */
  readonly lookup?: LookupFunction | undefined;
  /** T-31: asked about the endpoint's name before anything is sent. Left out where no management server is. */
  readonly names?: Pick<PeerDecisions, 'require'>;
  /** T-53: asked before anything is sent to a legacy media server, and while a connection lives; rejects with the refusal. */
  readonly askLegacy?: ((hostId: HostId, address: string) => Promise<void>) | undefined;
  readonly log: Log;
}

/** restic's own default is five; a few more for its HEADs and locks. */
export const MEDIA_CONNECTIONS_MAX = 12;

/**
 * Checked mutual-TLS connections to one media server, at the first of its endpoints that answers (P-11). They are kept for
 * further requests, and judged again when a CRL comes.
 */
export class MediaConnection {
  readonly agent: DialingAgent;
  readonly target: MediaTarget;
  readonly #trust: MediaTrust;
  readonly #live = new Map<TLSSocket, PresentedPeer>();
  readonly #plain = new Set<Socket>();
  readonly #dialled = new WeakMap<TLSSocket, string>();
  /** Our own certificate as each connection showed it. */
  readonly #shown = new WeakMap<Duplex, string>();
  /** F-36 Connections that end with the request they are in. */
  readonly #leaving = new WeakSet<Duplex>();
  #lastEndpoint: { readonly address: string; readonly port: number } | undefined;

  constructor(target: MediaTarget, trust: MediaTrust) {
    this.target = target;
    this.#trust = trust;
    this.agent = new DialingAgent(
      (signal) => this.#dial(signal),
      MEDIA_CONNECTIONS_MAX,
      // F-37: a certificate of a CA that leaves is not shown for longer than it must be
      (socket) => !this.#leaving.has(socket) && (this.#shown.get(socket) ?? chainNow()) === chainNow(),
    );
    const chainNow = (): string => this.#trust.identity().chainPem;
  }

  /** For the Host header. */
  get endpoint(): { readonly address: string; readonly port: number } {
    return this.#lastEndpoint ?? this.target.endpoints[0] ?? { address: 'localhost', port: 0 };
  }

  /**
   * Cuts live connections whose peer is refused now (T-42); the first refusal, if any. Where only the peer's CA has left meanwhile, a request
   * that is under way ends first (F-36).
   */
  checkAgain(): AppError | undefined {
    let refusal: AppError | undefined;
    for (const [socket, peer] of this.#live) {
      try {
        verifyMediaServer(peer, this.#trust.trust(), this.target.hostId);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.code === 'PEER_CHAIN_UNTRUSTED' && !this.#isIdle(socket)) {
          this.#leaving.add(socket);
          continue;
        }
        refusal ??= error;
        socket.destroy(error);
      }
    }
    return refusal;
  }

  #isIdle(socket: TLSSocket): boolean {
    return Object.values(this.agent.freeSockets).some((free) => free?.includes(socket) === true);
  }

  /** T-31 It was decided anew who goes by these names (null: by any): live connections that may not go on are cut. */
  async confirmAgain(names: readonly string[] | null): Promise<void> {
    for (const [socket, peer] of [...this.#live]) {
      const dialled = this.#dialled.get(socket);
      if (dialled === undefined || names?.includes(canonicalName(dialled)) === false) continue;
      try {
        await this.#confirm(dialled, peer.leaf.fingerprint);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        socket.destroy(error);
      }
    }
  }

  async #confirm(name: string, fingerprint: Sha256Hex): Promise<void> {
    const { hostId } = this.target;
    await this.#trust.names?.require({ name, hostId, direction: 'dialled', fingerprint });
  }

  close(): void {
    this.agent.destroy();
    for (const socket of this.#live.keys()) socket.destroy();
    for (const socket of this.#plain) socket.destroy();
  }

  /** T-53 In plain, after a yes; asked again every second, so that the connection ends with the yes. */
  async #dialPlain(
    endpoint: { readonly address: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<Socket> {
    const ask = async (): Promise<void> => {
      if (this.#trust.askLegacy === undefined) throw new AppError('LEGACY_UNANSWERED');
      await this.#trust.askLegacy(this.target.hostId, endpoint.address);
    };
    await ask();
    const socket = connect({ host: endpoint.address, port: endpoint.port, signal });
    await once(socket, 'connect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    }).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    this.#plain.add(socket);
    const again = setInterval(() => {
      ask().catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
    }, LEGACY_ANSWER_SECONDS * SECOND_MS);
    socket.once('close', () => {
      clearInterval(again);
      this.#plain.delete(socket);
    });
    return socket;
  }

  async #dial(signal: AbortSignal): Promise<Socket> {
    const { hostId, name, endpoints } = this.target;
    let refusal: AppError | undefined;
    let detail = 'no endpoint';
    for (const endpoint of endpoints) {
      if (signal.aborted) break;
      let presented: PresentedPeer | undefined;
      try {
        if (this.target.legacy === true) {
          const plain = await this.#dialPlain(endpoint, signal);
          this.#lastEndpoint = endpoint;
          return plain;
        }
        const trust = this.#trust.trust();
        const { keyPem, chainPem } = this.#trust.identity();
        const socket = await dialTls({
          host: endpoint.address,
          port: endpoint.port,
          ca: trust.anchors.map((anchor) => certificateToPem(anchor.der)),
          identity: { keyPem, chainPem },
          lookup: this.#trust.lookup,
          signal,
          verify: (peer) => {
            verifyMediaServer(peer, this.#trust.trust(), hostId);
            presented = peer;
          },
          confirm: ({ leaf }) => this.#confirm(endpoint.address, leaf.fingerprint),
        });
        if (presented !== undefined) this.#live.set(socket, presented);
        this.#dialled.set(socket, endpoint.address);
        this.#shown.set(socket, chainPem);
        socket.once('close', () => this.#live.delete(socket));
        this.#lastEndpoint = endpoint;
        return socket;
      } catch (error) {
        this.#trust.log.warn(
          { err: error, endpoint, mediaHostId: hostId },
          'the media server cannot be used here',
        );
        if (error instanceof AppError) refusal ??= error;
        else detail = `${endpoint.address}:${endpoint.port} ${describeNetworkError(error)}`;
      }
    }
    throw refusal ?? new AppError('MEDIA_SERVER_UNREACHABLE', { name, detail });
  }
}
