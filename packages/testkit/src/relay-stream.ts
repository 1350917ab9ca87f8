import { RELAY_CLIENT_HEADER, RELAY_PATH, RELAY_PROTOCOL } from '@sekisho/core/wire/relay.ts';
import { Agent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';

interface ShownTls {
  readonly key: string;
  readonly cert: string;
}

/**
 * A stream for a client that a media server opens at the agents' port, as a media server's agent does it; or all that was answered
 * instead.
 */
export function openRelayStream(
  port: number,
  relay: ShownTls | undefined,
  options: { readonly client?: string; readonly path?: string; readonly over?: TLSSocket } = {},
): Promise<{ socket: TLSSocket } | { refusal: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(options.over === undefined ? { host: '127.0.0.1', port } : { socket: options.over }),
      rejectUnauthorized: false,
      ...relay,
    });
    const lines = [
      `GET ${options.path ?? RELAY_PATH} HTTP/1.1`,
      'Host: server',
      'Connection: Upgrade',
      `Upgrade: ${RELAY_PROTOCOL}`,
      `${RELAY_CLIENT_HEADER}: ${options.client ?? '192.0.2.1'}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.startsWith('HTTP/1.1 101') || !text.endsWith('\r\n\r\n')) return;
      socket.off('data', onData);
      socket.pause();
      resolve({ socket });
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve({ refusal: text });
    });
  });
}

/** Requests of a client in a DMZ: each connection runs in a new stream of this media server. */
export class RelayedAgent extends Agent {
  readonly opened: TLSSocket[] = [];
  readonly #open: () => Promise<{ socket: TLSSocket } | { refusal: string }>;
  readonly #client: ShownTls | undefined;

  constructor(port: number, relay: ShownTls, client?: ShownTls, address?: string) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#open = () => openRelayStream(port, relay, address === undefined ? {} : { client: address });
    this.#client = client;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: TLSSocket) => void) {
    this.#open()
      .then((opened) => {
        if ('refusal' in opened) throw new Error(opened.refusal);
        const inner = connect({ socket: opened.socket, rejectUnauthorized: false, ...this.#client });
        this.opened.push(inner);
        callback?.(null, inner);
      })
      .catch((error: unknown) => {
        (callback as ((error: unknown) => void) | undefined)?.(error);
      });
    return undefined;
  }
}
