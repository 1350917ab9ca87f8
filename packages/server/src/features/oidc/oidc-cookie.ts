import type { FastifyReply } from 'fastify';

/** Ties a sign-in to the browser that began it. */
export const OIDC_COOKIE = '__Host-sekisho-oidc';
const VALID_SECONDS = 600;

/**
 * `SameSite=Lax`, unlike the session's: the browser comes back from another site, and must bring it along.
 * @source RFC 6265bis §5.6.7
 */
export function setOidcCookie(reply: FastifyReply, secret: string): void {
  const age = secret === '' ? 0 : VALID_SECONDS;
  void reply.header(
    'set-cookie',
    `${OIDC_COOKIE}=${secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${age}`,
  );
}
