import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { addressKey } from '@sekisho/core/address-key.ts';
import type { Socket } from 'node:net';
import type { PeerIdentity } from './peer.ts';

export { addressKey };

/** Connections that have shown no valid certificate: the oldest goes when one more comes. */
export const UNVERIFIED_CONNECTIONS_MAX = 1024;
export const UNVERIFIED_PER_ADDRESS_MAX = 256;
/** Idle time of a connection without a valid certificate. */
export const UNVERIFIED_IDLE_MS = 15_000;

/** Connections of one host: the oldest goes when one more comes. An agent has a channel and a few requests. */
export const VERIFIED_PER_HOST_MAX = 64;

/** All connections of the agent port, by host; WebSockets are on the same sockets. One set of listeners does for all of them. */
export class PeerConnections {
  /** Connections with a verified certificate, with what it says. */
  readonly #peers = new Map<Socket, PeerIdentity>();
  /** The same by host, the oldest first. */
  readonly #byHost = new Map<HostId, Socket[]>();
  readonly #unverified = new Map<Socket, Sender>();
  /** The same by both ends' port: the TLS socket and the TCP connection below it have that in common. */
  readonly #byPort = new Map<string, Socket>();
  readonly #perAddress = new Map<string, number>();
  /** Those above TLS without a valid certificate. */
  readonly #anonymous = new Set<Socket>();
  /** Verified ones that carry other hosts' connections (T-60), by their own host. */
  readonly #relaying = new Map<HostId, Set<Socket>>();
  readonly #onClose: (this: Socket) => void;

  constructor() {
    const forget = (socket: Socket): void => {
      this.#forget(socket);
    };
    this.#onClose = function () {
      forget(this);
    };
  }

  /** A TCP connection was accepted; until `verified` names it, it counts against the caps. */
  accepted(socket: Socket): void {
    const address = addressKey(socket.remoteAddress);
    if ((this.#perAddress.get(address) ?? 0) >= UNVERIFIED_PER_ADDRESS_MAX) this.#dropOldest(address);
    if (this.#unverified.size >= UNVERIFIED_CONNECTIONS_MAX) this.#dropOldest(undefined);
    const port = portKey(socket);
    this.#unverified.set(socket, { address, port });
    this.#byPort.set(port, socket);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.on('close', this.#onClose);
  }

  /** The handshake ended without a valid certificate: the connection may ask public things, briefly. */
  anonymous(socket: Socket): void {
    this.#anonymous.add(socket);
    socket.on('close', this.#onClose);
    socket.setTimeout(UNVERIFIED_IDLE_MS, () => socket.destroy());
  }

  /**
   * The handshake ended with a verified host certificate. The TCP connection below ends with this one, and is not looked after
   * any more.
   */
  verified(socket: Socket, peer: PeerIdentity): void {
    const raw = this.#byPort.get(portKey(socket));
    if (raw !== undefined) {
      this.#settle(raw);
      raw.off('close', this.#onClose);
    }
    const before = this.#byHost.get(peer.hostId);
    const oldest = before?.[0];
    if (oldest !== undefined && (before?.length ?? 0) >= VERIFIED_PER_HOST_MAX) {
      this.#forget(oldest);
      oldest.destroy();
    }
    // read anew: forgetting makes another list
    const sockets = this.#byHost.get(peer.hostId);
    if (sockets === undefined) this.#byHost.set(peer.hostId, [socket]);
    else sockets.push(socket);
    this.#peers.set(socket, peer);
    socket.on('close', this.#onClose);
  }

  /** A verified connection carries another host's from now on: it is not one of its own host's few any more, but ends with them. */
  relaying(socket: Socket): void {
    const peer = this.#peers.get(socket);
    if (peer === undefined) return;
    this.#leaveHost(socket, peer.hostId);
    const sockets = this.#relaying.get(peer.hostId) ?? new Set();
    sockets.add(socket);
    this.#relaying.set(peer.hostId, sockets);
  }

  /** Destroys the host's sockets (those of one certificate, when it is given); returns how many there were. */
  cut(hostId: HostId, fingerprint?: Sha256Hex): number {
    let cut = 0;
    for (const socket of this.#of(hostId)) {
      if (fingerprint !== undefined && this.#peers.get(socket)?.fingerprint !== fingerprint) continue;
      socket.destroy();
      cut += 1;
    }
    return cut;
  }

  /** Sockets of a host that are open now. */
  count(hostId: HostId): number {
    return this.#of(hostId).length;
  }

  /** Of all hosts. */
  verifiedSockets(): IterableIterator<Socket> {
    return this.#peers.keys();
  }

  get unverifiedCount(): number {
    return this.#unverified.size;
  }

  /** Certificates in use on a host's connections. */
  shownBy(hostId: HostId): ReadonlySet<Sha256Hex> {
    return new Set(this.#of(hostId).flatMap((socket) => this.#peers.get(socket)?.fingerprint ?? []));
  }

  /** Ends everything: the server stops, or has lost sight of what was revoked. */
  cutAll(): void {
    for (const sockets of [this.#peers, this.#anonymous, this.#unverified])
      for (const socket of [...sockets.keys()]) socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#settle(socket);
    this.#anonymous.delete(socket);
    const peer = this.#peers.get(socket);
    if (peer === undefined) return;
    this.#peers.delete(socket);
    this.#leaveHost(socket, peer.hostId);
    const relaying = this.#relaying.get(peer.hostId);
    if (relaying?.delete(socket) === true && relaying.size === 0) this.#relaying.delete(peer.hostId);
  }

  /** All of a host's, with those that carry other hosts' connections. */
  #of(hostId: HostId): Socket[] {
    return [...(this.#byHost.get(hostId) ?? []), ...(this.#relaying.get(hostId) ?? [])];
  }

  #leaveHost(socket: Socket, hostId: HostId): void {
    const others = this.#byHost.get(hostId)?.filter((other) => other !== socket) ?? [];
    if (others.length === 0) this.#byHost.delete(hostId);
    else this.#byHost.set(hostId, others);
  }

  #settle(socket: Socket): void {
    const sender = this.#unverified.get(socket);
    if (sender === undefined) return;
    const { address, port } = sender;
    this.#unverified.delete(socket);
    if (this.#byPort.get(port) === socket) this.#byPort.delete(port);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left <= 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  #dropOldest(ofAddress: string | undefined): void {
    for (const [socket, { address }] of this.#unverified) {
      if (ofAddress !== undefined && address !== ofAddress) continue;
      this.#settle(socket);
      socket.destroy();
      return;
    }
  }
}

/** Where a TCP connection comes from: who it counts for, and the port that tells it from others. */
interface Sender {
  readonly address: string;
  readonly port: string;
}

const portKey = (socket: Socket): string => `${socket.remoteAddress ?? ''}|${socket.remotePort ?? 0}`;
