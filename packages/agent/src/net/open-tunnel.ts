import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { tunnelTarget } from '@sekisho/core/rules/tunnel.ts';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { CONNECT_TIMEOUT_MS, dialTls, type DialOptions } from './dial.ts';
import { refusalOf } from './http-request.ts';

/** A media server that relays (T-60). */
export interface Relay {
  /** Undefined: only its address is known, from the set-up; any media server of the domain may be there. */
  readonly hostId: HostId | undefined;
  readonly address: string;
  readonly port: number;
}

const REFUSAL_BYTES_MAX = 64 * 1024;

/**
 * Opens a tunnel through a media server: TLS to it, CONNECT, and then a stream in which our own TLS to the management server runs.
 * Rejects with the media server's refusal (TUNNEL_…, PEER_…), a failed check of its certificate, or the system's error.
 *
 * @source RFC 9110 §9.3.6
 */
export async function openTunnel(
  relay: Relay,
  target: { readonly host: string; readonly port: number },
  options: Omit<DialOptions, 'host' | 'port' | 'over' | 'sessions'>,
): Promise<Duplex> {
  const socket = await dialTls({ ...options, host: relay.address, port: relay.port });
  return connectThrough(socket, relay, tunnelTarget(target.host, target.port), options);
}

/** A media server as it is shown and named in messages. */
export const relayName = (relay: Pick<Relay, 'address' | 'port'>): string =>
  tunnelTarget(relay.address, relay.port);

function connectThrough(
  socket: TLSSocket,
  relay: Relay,
  target: string,
  { signal, timeoutMs = CONNECT_TIMEOUT_MS }: Pick<DialOptions, 'signal' | 'timeoutMs'>,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      createConnection: () => socket,
      ...(signal === undefined ? {} : { signal }),
    });
    const timer = setTimeout(() => {
      asking.destroy(Object.assign(new Error('the tunnel was not opened in time'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    asking.once('error', fail);
    asking.once('response', (response) => {
      response.resume();
      fail(new AppError('SERVER_REPLY_UNUSABLE', { server: relayName(relay), detail: 'CONNECT' }));
    });
    asking.once('connect', (response, stream: Duplex, head: Buffer) => {
      if (response.statusCode === 200) {
        clearTimeout(timer);
        if (head.byteLength > 0) stream.unshift(head);
        resolve(stream);
        return;
      }
      const status = response.statusCode ?? 0;
      readRest(stream, head).then(
        (body) => {
          fail(refusalOf(relayName(relay), { status, body }));
        },
        (error: unknown) => {
          fail(error);
        },
      );
    });
    asking.end();
  });
}

/** What a media server says of its refusal, up to its end. */
function readRest(stream: Duplex, head: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts = [head];
    let bytes = head.byteLength;
    stream.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes <= REFUSAL_BYTES_MAX) parts.push(part);
      else stream.destroy();
    });
    stream.once('error', () => undefined);
    stream.once('close', () => {
      resolve(Buffer.concat(parts));
    });
    stream.once('end', () => stream.destroy());
    stream.resume();
  });
}
