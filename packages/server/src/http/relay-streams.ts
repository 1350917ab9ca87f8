import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { RELAY_PROTOCOL } from '@sekisho/core/wire/relay.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Server, Socket } from 'node:net';
import { refuseRaw } from './client-error.ts';
import type { PeerConnections } from './connections.ts';
import { noteRelayed, type Relayed } from './relayed.ts';

/** Streams of one media server: one for each connection of each host behind it. */
export const RELAY_STREAMS_PER_HOST_MAX = 4_096;
/** Of those, streams in which nobody has shown a valid certificate yet. */
export const RELAY_STRANGERS_PER_HOST_MAX = 128;
/** From the answer to the media server to the client's first byte. */
export const RELAY_FIRST_BYTE_MS = 10_000;

/** Every TLS connection begins with a handshake record. @source RFC 8446 §5.1 */
const TLS_HANDSHAKE = 22;
const SWITCHED = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${RELAY_PROTOCOL}\r\n\r\n`;

interface Stream {
  readonly relayed: Relayed;
  readonly outer: Socket;
  isKnown: boolean;
}

/**
 * Streams that media servers opened for hosts in a DMZ (T-60). The host's own TLS runs inside and ends at the same listener as everybody's,
 * so its certificate is judged as if it had come directly; the stream lives no longer than the media server's right to relay.
 */
export class RelayStreams {
  readonly #server: Server;
  readonly #connections: PeerConnections;
  readonly #log: Log;
  /** By both ends' address and port: the TLS connection inside has that in common with the stream. */
  readonly #streams = new Map<string, Stream>();
  readonly #byRelay = new Map<HostId, Set<Stream>>();

  constructor(server: Server, { connections, log }: { connections: PeerConnections; log: Log }) {
    this.#server = server;
    this.#connections = connections;
    this.#log = log;
  }

  /** Is this what a client's connection runs in? */
  isStream(socket: Socket): boolean {
    return this.#streams.get(keyOf(socket))?.outer === socket;
  }

  /**
   * Answers a media server's wish, and gives the stream to the listener once the client speaks TLS in it. Refusals: TUNNELS_TOO_MANY;
   * in the stream, to the client: TUNNEL_CLIENT_LEGACY (T-62).
   */
  accept(outer: Socket, head: Buffer, relayed: Relayed): void {
    const mine = this.#byRelay.get(relayed.relay) ?? new Set();
    const strangers = [...mine].filter(({ isKnown }) => !isKnown).length;
    if (mine.size >= RELAY_STREAMS_PER_HOST_MAX)
      throw new AppError('TUNNELS_TOO_MANY', { limit: RELAY_STREAMS_PER_HOST_MAX });
    if (strangers >= RELAY_STRANGERS_PER_HOST_MAX)
      throw new AppError('TUNNELS_TOO_MANY', { limit: RELAY_STRANGERS_PER_HOST_MAX });
    const key = keyOf(outer);
    const stream: Stream = { relayed, outer, isKnown: false };
    this.#streams.set(key, stream);
    mine.add(stream);
    this.#byRelay.set(relayed.relay, mine);
    this.#connections.relaying(outer);
    outer.once('close', () => {
      this.#streams.delete(key);
      mine.delete(stream);
      if (mine.size === 0) this.#byRelay.delete(relayed.relay);
    });
    outer.setTimeout(RELAY_FIRST_BYTE_MS, () => outer.destroy());
    outer.write(SWITCHED);
    if (head.byteLength > 0) outer.unshift(head);
    this.#awaitTls(outer, relayed);
  }

  /** Its handshake ended: a connection that came in a stream is known as such from now on, and ends with it. */
  claim(socket: Socket): void {
    const stream = this.#streams.get(keyOf(socket));
    if (stream === undefined || stream.outer === socket) return;
    noteRelayed(socket, stream.relayed);
    stream.outer.once('close', () => socket.destroy());
    socket.once('close', () => stream.outer.destroy());
  }

  /** A host showed a valid certificate in it. */
  verified(socket: Socket): void {
    const stream = this.#streams.get(keyOf(socket));
    if (stream !== undefined) stream.isKnown = true;
  }

  /** Media servers that relay now. */
  relays(): HostId[] {
    return [...this.#byRelay.keys()];
  }

  /** Destroys the streams of a media server that may relay no longer; how many. */
  cut(relay: HostId): number {
    const streams = [...(this.#byRelay.get(relay) ?? [])];
    for (const { outer } of streams) outer.destroy();
    return streams.length;
  }

  #awaitTls(outer: Socket, relayed: Relayed): void {
    const onReadable = (): void => {
      const first = outer.read() as Buffer | null;
      if (first === null) return;
      outer.off('readable', onReadable);
      if (first[0] !== TLS_HANDSHAKE) {
        this.#log.warn({ ...relayed, code: 'TUNNEL_CLIENT_LEGACY' }, 'tunnel refused');
        refuseRaw(outer, new AppError('TUNNEL_CLIENT_LEGACY'), undefined);
        return;
      }
      outer.setTimeout(0);
      outer.unshift(first);
      this.#server.emit('connection', outer);
    };
    outer.on('readable', onReadable);
  }
}

const keyOf = (socket: Socket): string => `${socket.remoteAddress ?? ''}|${socket.remotePort ?? 0}`;
