import type { HostId } from '@sekisho/core/ids.ts';

/** A connection that came through a media server's tunnel (T-60). */
export interface Relayed {
  /** The media server, by its certificate. */
  readonly relay: HostId;
  /** The client's address as the media server says it: hearsay, for limits and logs, and for nothing that gives a right. */
  readonly clientAddress: string;
}

const connections = new WeakMap<object, Relayed>();

/** Remembers that this connection came through a tunnel, as long as it lives. */
export const noteRelayed = (socket: object, relayed: Relayed): void => {
  connections.set(socket, relayed);
};

/** Through whose tunnel a connection came; undefined: it came directly. */
export const relayedBy = (socket: object): Relayed | undefined => connections.get(socket);
