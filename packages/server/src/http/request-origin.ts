import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { FastifyRequest } from 'fastify';
import { TLSSocket } from 'node:tls';
import { relayedBy } from './relayed.ts';

/** What audit rows call the server's own socket. */
export const LOCAL_ORIGIN = 'local';

/**
 * Where a request comes from: the address at the other end of its TLS connection (IPv4 written as IPv4), or `local` on the
 * server's own socket. Forwarded-for headers are not believed.
 */
export function originOf(request: FastifyRequest): string {
  const { socket } = request.raw;
  if (!(socket instanceof TLSSocket)) return LOCAL_ORIGIN;
  return originOfSocket(socket);
}

/**
 * The address at the other end of a socket, in canonical form (IPv4 written as IPv4); `unknown` when it does not say. Of a connection
 * through a tunnel: the client's, as the media server says it.
 */
export const addressOf = (socket: { readonly remoteAddress?: string | undefined }): string =>
  relayedBy(socket)?.clientAddress ?? canonicalIp(socket.remoteAddress?.split('%')[0] ?? '') ?? 'unknown';

/** The same, where what a media server says is not enough: `unknown` for a connection through a tunnel. */
export const ownAddressOf = (socket: { readonly remoteAddress?: string | undefined }): string =>
  relayedBy(socket) === undefined ? addressOf(socket) : 'unknown';

/** The same for logs: a connection through a tunnel names the media server too (T-60). */
export function originOfSocket(socket: { readonly remoteAddress?: string | undefined }): string {
  const relay = relayedBy(socket)?.relay;
  return relay === undefined ? addressOf(socket) : `${addressOf(socket)} via ${relay}`;
}
