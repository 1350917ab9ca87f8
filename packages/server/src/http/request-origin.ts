import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { FastifyRequest } from 'fastify';
import { TLSSocket } from 'node:tls';

/** What audit rows call the server's own socket. */
export const LOCAL_ORIGIN = 'local';

/**
 * Where a request comes from: the address at the other end of its TLS connection (IPv4 written as IPv4), or `local` on the
 * server's own socket. Forwarded-for headers are not believed.
 */
export function originOf(request: FastifyRequest): string {
  const { socket } = request.raw;
  if (!(socket instanceof TLSSocket)) return LOCAL_ORIGIN;
  return addressOf(socket);
}

/** The address at the other end of a socket, in canonical form (IPv4 written as IPv4); `unknown` when it does not say. */
export const addressOf = (socket: { readonly remoteAddress?: string | undefined }): string =>
  canonicalIp(socket.remoteAddress?.split('%')[0] ?? '') ?? 'unknown';
