import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { PeerIdentity } from './peer.ts';

/** Connections that have shown no valid certificate: the oldest goes when one more comes. */
export const UNVERIFIED_CONNECTIONS_MAX = 1024;
export const UNVERIFIED_PER_ADDRESS_MAX = 256;
/** Idle time of a connection without a valid certificate. */
export const UNVERIFIED_IDLE_MS = 15_000;

/** Connections of one host: the oldest goes when one more comes. An agent has a channel and a few requests. */
export const VERIFIED_PER_HOST_MAX = 64;

/** All connections of the agent port, by host; WebSockets are on the same sockets. */
export class PeerConnections {
  readonly #byHost = new Map<HostId, Map<TLSSocket, Sha256Hex>>();
  readonly #unverified = new Map<Socket, string>();
  readonly #perAddress = new Map<string, number>();
  readonly #all = new Set<Socket>();

  /** A TCP connection was accepted; until `verified` names it, it counts against the caps. */
  accepted(socket: Socket): void {
    this.#all.add(socket);
    const address = addressKey(socket.remoteAddress);
    if ((this.#perAddress.get(address) ?? 0) >= UNVERIFIED_PER_ADDRESS_MAX) this.#dropOldest(address);
    if (this.#unverified.size >= UNVERIFIED_CONNECTIONS_MAX) this.#dropOldest(undefined);
    this.#unverified.set(socket, address);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.once('close', () => {
      this.#all.delete(socket);
      this.#settle(socket);
    });
  }

  /** The handshake ended without a valid certificate: the connection may ask public things, briefly. */
  anonymous(socket: TLSSocket): void {
    this.#all.add(socket);
    socket.once('close', () => this.#all.delete(socket));
    socket.setTimeout(UNVERIFIED_IDLE_MS, () => socket.destroy());
  }

  /** The handshake ended with a verified host certificate. `raw` is the TCP connection below, if it is known. */
  verified(socket: TLSSocket, peer: PeerIdentity, raw: Socket | undefined): void {
    if (raw !== undefined) this.#settle(raw);
    let sockets = this.#byHost.get(peer.hostId);
    if (sockets === undefined) this.#byHost.set(peer.hostId, (sockets = new Map()));
    if (sockets.size >= VERIFIED_PER_HOST_MAX) sockets.keys().next().value?.destroy();
    sockets.set(socket, peer.fingerprint);
    this.#all.add(socket);
    socket.once('close', () => {
      this.#all.delete(socket);
      const left = this.#byHost.get(peer.hostId);
      left?.delete(socket);
      if (left?.size === 0) this.#byHost.delete(peer.hostId);
    });
  }

  /** Destroys the host's sockets (those of one certificate, when it is given); returns how many there were. */
  cut(hostId: HostId, fingerprint?: Sha256Hex): number {
    let cut = 0;
    for (const [socket, shown] of this.#byHost.get(hostId) ?? []) {
      if (fingerprint !== undefined && shown !== fingerprint) continue;
      socket.destroy();
      cut += 1;
    }
    return cut;
  }

  /** Sockets of a host that are open now. */
  count(hostId: HostId): number {
    return this.#byHost.get(hostId)?.size ?? 0;
  }

  get unverifiedCount(): number {
    return this.#unverified.size;
  }

  /** Hosts that have a connection, with the certificates in use. */
  *hosts(): Iterable<readonly [HostId, ReadonlySet<Sha256Hex>]> {
    for (const [hostId, sockets] of this.#byHost) yield [hostId, new Set(sockets.values())];
  }

  /** Ends everything: the server stops, or has lost sight of what was revoked. */
  cutAll(): void {
    for (const socket of [...this.#all]) socket.destroy();
  }

  #settle(socket: Socket): void {
    const address = this.#unverified.get(socket);
    if (address === undefined) return;
    this.#unverified.delete(socket);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left <= 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  #dropOldest(ofAddress: string | undefined): void {
    for (const [socket, address] of this.#unverified) {
      if (ofAddress !== undefined && address !== ofAddress) continue;
      this.#settle(socket);
      socket.destroy();
      return;
    }
  }
}

/** Who counts as one sender: an IPv4 address, or the /64 an IPv6 address is in. */
export function addressKey(remoteAddress: string | undefined): string {
  const ip = canonicalIp(remoteAddress?.split('%')[0] ?? '') ?? 'unknown';
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [
    ...before,
    ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'),
    ...after,
  ];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
