import { AppError } from '@sekisho/core/errors.ts';
import { tunnelTarget } from '@sekisho/core/rules/tunnel.ts';
import { RELAY_CLIENT_HEADER, RELAY_PATH, RELAY_PROTOCOL } from '@sekisho/core/wire/relay.ts';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { CONNECT_TIMEOUT_MS, dialTls, type DialOptions } from './dial.ts';
import { describeNetworkError, refusalOf } from './http-request.ts';

const REFUSAL_BYTES_MAX = 64 * 1024;

/**
 * The media server's own mutual-TLS stream to a management server, for a client at this address (T-60). Refusals: TUNNEL_SERVER_UNREACHABLE,
 * a failed check of the server (PEER_…), and the server's own (RELAY_…, TUNNELS_TOO_MANY, CERTIFICATE_REVOKED).
 */
export async function openRelayStream(
  options: DialOptions,
  clientAddress: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const server = tunnelTarget(options.host, options.port);
  try {
    const socket = await dialTls({ ...options, signal, allowHalfOpen: true });
    return await new Promise<Duplex>((resolve, reject) => {
      const asking = request({
        method: 'GET',
        path: RELAY_PATH,
        headers: {
          host: server,
          connection: 'Upgrade',
          upgrade: RELAY_PROTOCOL,
          [RELAY_CLIENT_HEADER]: clientAddress,
        },
        createConnection: () => socket,
        signal,
        timeout: CONNECT_TIMEOUT_MS,
      });
      asking.once('timeout', () => {
        asking.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
      });
      asking.once('error', (error) => {
        socket.destroy();
        reject(error);
      });
      asking.once('upgrade', (_response, stream: Duplex, head: Buffer) => {
        socket.setTimeout(0);
        if (head.byteLength > 0) stream.unshift(head);
        resolve(stream);
      });
      asking.once('response', (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.byteLength;
          if (bytes <= REFUSAL_BYTES_MAX) parts.push(part);
          else response.destroy();
        });
        response.once('close', () => {
          socket.destroy();
          reject(refusalOf(server, { status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
        });
      });
      asking.end();
    });
  } catch (error) {
    if (error instanceof AppError) throw error;
    const detail = describeNetworkError(error);
    throw new AppError('TUNNEL_SERVER_UNREACHABLE', { server, detail }, { cause: error });
  }
}
