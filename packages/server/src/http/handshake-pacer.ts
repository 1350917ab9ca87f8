import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Handshakes that are begun in one turn of the event loop; the first half of one takes about a millisecond. */
export const HANDSHAKES_PER_TURN = 8;

/**
 * Begins a few handshakes in each turn of the event loop, in the order in which the connections came. A fleet that comes at once is accepted at
 * once; were its handshakes begun at once, that would be one turn, in which nobody else is heard. Who waits is counted as accepted, and is
 * dropped by the same caps.
 */
export class HandshakePacer {
  readonly #begin: (socket: Socket) => void;
  readonly #waiting = new Set<Socket>();
  #begun = 0;
  #isArmed = false;

  constructor(begin: (socket: Socket) => void) {
    this.#begin = begin;
  }

  /** At once, or when those before it had their turn. */
  accept(socket: Socket): void {
    if (this.#begun < HANDSHAKES_PER_TURN && this.#waiting.size === 0) this.#start(socket);
    else this.#waiting.add(socket);
    this.#arm();
  }

  #start(socket: Socket): void {
    if (socket.destroyed) return;
    this.#begun += 1;
    this.#begin(socket);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(() => {
      this.#isArmed = false;
      this.#begun = 0;
      for (const socket of this.#waiting) {
        if (this.#begun === HANDSHAKES_PER_TURN) break;
        this.#waiting.delete(socket);
        this.#start(socket);
      }
      if (this.#begun > 0) this.#arm();
    });
  }
}

/** Takes the place of TLS's own listener for connections, and returns that. */
export function takeOverConnections(server: Server): (socket: Socket) => void {
  const [begin, ...others] = server.listeners('connection');
  if (begin === undefined || others.length > 0) throw new Error('node:https listens otherwise than expected');
  server.removeAllListeners('connection');
  return (socket) => {
    begin.call(server, socket);
  };
}
