import type { HostId } from '@sekisho/core/ids.ts';
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FleetIndex, IndexedHost } from '../fleet/fleet-index.ts';
import { caExchanges } from './ca-exchange.ts';
import type { RotationRow } from './rotation.store.ts';

/** Hexadecimal digits of a key ID that a mark is made of: a small number, kept for each host of a fleet. */
const MARK_DIGITS = 7;

/** The TLS key that servers show after the switch of an update; undefined: the one that they showed before. */
export function tlsKeyOf(rotation: RotationRow): string | undefined {
  switch (rotation.kind) {
    case 'tls':
      return rotation.toKeyId;
    case 'ca':
      return caExchanges(rotation).find(({ role }) => role === 'server-tls')?.to;
    case 'signing':
      return undefined;
  }
}

/** What a host's memory says of a TLS key that it accepted; two keys of one domain have the same mark once in 2^28 times. */
const markOfKey = (keyId: string): number => Number.parseInt(keyId.slice(0, MARK_DIGITS), 16);

/** F-37 Has this host accepted the TLS certificate that an update switched to? False where it switched none. */
export function hasSeenKey({ shownKey }: IndexedHost, rotation: RotationRow): boolean {
  const keyId = tlsKeyOf(rotation);
  return keyId !== undefined && shownKey === markOfKey(keyId);
}

/**
 * F-37 While servers show a new certificate: which hosts have accepted it. A request over a connection in whose handshake it was shown
 * proves that, for the agent sends none to a server that it refuses. What was shown is asked of the connection itself, so that one that
 * was begun before the swap counts for the old certificate, and so does a session that is resumed: the swap ends all of those.
 */
export class ShownKeys {
  readonly #parts: ShownKeysParts;
  /** Fingerprint of the certificate that was shown, by connection. */
  readonly #shown = new WeakMap<Socket, string>();
  #own = { pem: '', fingerprint: '' };

  constructor(parts: ShownKeysParts) {
    this.#parts = parts;
  }

  /** A host that was verified asks something over this connection. */
  note(hostId: HostId, socket: Socket): void {
    const rotation = this.#parts.current();
    if (rotation?.phase !== 'switching' && rotation?.phase !== 'overlap') return;
    const { keyId, cert } = this.#parts.tls();
    if (tlsKeyOf(rotation) !== keyId || !(socket instanceof TLSSocket)) return;
    const index = this.#parts.index();
    const host = index?.get(hostId);
    const mark = markOfKey(keyId);
    if (index === undefined || host === undefined || host.shownKey === mark) return;
    if (this.#fingerprintOf(socket) === this.#ownFingerprint(cert)) index.noteShown(host, mark);
    else this.#parts.onFormer(hostId);
  }

  #fingerprintOf(socket: TLSSocket): string {
    let shown = this.#shown.get(socket);
    if (shown === undefined) {
      shown = socket.getX509Certificate()?.fingerprint256 ?? '';
      this.#shown.set(socket, shown);
    }
    return shown;
  }

  #ownFingerprint(pem: string): string {
    if (this.#own.pem !== pem) this.#own = { pem, fingerprint: new X509Certificate(pem).fingerprint256 };
    return this.#own.fingerprint;
  }
}

export interface ShownKeysParts {
  /** The update that is under way, out of memory. */
  readonly current: () => RotationRow | undefined;
  /** What this process shows from now on; the chain in PEM, the leaf first. */
  readonly tls: () => { readonly keyId: string; readonly cert: string };
  /** A host came over a connection of before, which ends with this request: it may be asked once more at once. */
  readonly onFormer: (hostId: HostId) => void;
  /** Undefined until the fleet is there. */
  readonly index: () => FleetIndex | undefined;
}
