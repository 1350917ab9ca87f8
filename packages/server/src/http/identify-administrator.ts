import { AppError } from '@sekisho/core/errors.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from '../context.ts';
import { principalOfSession } from '../features/admin-sessions/read-session.ts';
import { authenticateApiKey } from '../features/api-keys/authenticate-api-key.ts';
import type { Identify } from './app.ts';
import { originOf } from './request-origin.ts';

/**
 * Who asks at the administration port (S-04): an API key in the Authorization header, else the session of the cookie. A server
 * that has lost sight of what was changed lets nobody in. Refusals: SIGN_IN_REQUIRED, SESSION_EXPIRED,
 * ADMINISTRATOR_DISABLED, API_KEY_REFUSED, SERVER_STOPPING; ROUTE_UNKNOWN for what belongs to agents.
 */
export function createAdministratorIdentify(context: ServerContext): Identify {
  return async (request, access) => {
    if (access === 'public') return { kind: 'public' };
    if (access === 'peer') throw new AppError('ROUTE_UNKNOWN');
    if (!context.feed.fresh) throw new AppError('SERVER_STOPPING');
    const key = bearerOf(request);
    if (key === undefined)
      return { kind: 'principal', principal: await principalOfSession(context, request) };
    const principal = await authenticateApiKey(context, key, originOf(request));
    if (principal === undefined) throw new AppError('SIGN_IN_REQUIRED');
    return { kind: 'principal', principal };
  };
}

/** What follows `Bearer`; another scheme is nobody's. @source RFC 6750 §2.1 */
function bearerOf(request: FastifyRequest): Secret | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  const [, token] = /^Bearer +([^\s]+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new AppError('SIGN_IN_REQUIRED');
  return new Secret(token);
}
