import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyRequest } from 'fastify';
import { isIP } from 'node:net';

/** Whom a passkey is for, and the one origin from which it is used. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/**
 * The name under which the browser reached this server; the port stands in the origin alone. That the name is one of the
 * server's own was checked before. An address of numbers cannot be one.
 * @throws AppError PASSKEY_NEEDS_NAME
 * @source WebAuthn Level 3 §4 (RP ID), §13.4.9
 */
export function relyingPartyOf(request: FastifyRequest): RelyingParty {
  const address = `https://${request.headers.host ?? ''}`;
  if (!URL.canParse(address)) throw new AppError('PASSKEY_NEEDS_NAME', { host: '?' });
  const { hostname, origin } = new URL(address);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    throw new AppError('PASSKEY_NEEDS_NAME', { host: hostname });
  return { id: hostname, origin };
}
