import type { FastifyReply, FastifyRequest } from 'fastify';

/** The session of an administrator. `__Host-`: browsers take it from this very host alone, over TLS. */
export const SESSION_COOKIE = '__Host-sekisho';
/** Says that this browser signed in before: it keeps a budget of tries of its own. */
export const DEVICE_COOKIE = '__Host-sekisho-device';

/**
 * The value of a cookie; undefined when it is not there, or there twice: then somebody slipped one in.
 * @source RFC 6265 §5.4
 */
export function readCookie(request: FastifyRequest, name: string): string | undefined {
  const values = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** Sets a cookie that no script reads and no other site sends along. Without `maxAgeSeconds` it goes with the browser. */
export function setCookie(reply: FastifyReply, name: string, value: string, maxAgeSeconds?: number): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  void reply.header('set-cookie', `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict${age}`);
}

/** Takes a cookie away. */
export const clearCookie = (reply: FastifyReply, name: string): void => {
  setCookie(reply, name, '', 0);
};
