import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { readCookie, SESSION_COOKIE } from '../../http/cookies.ts';
import { originOf } from '../../http/request-origin.ts';
import { findSessionBySecret, touchSession, type SessionRow } from './session-rows.ts';

/** A session's last use is written no more often. */
export const SESSION_TOUCH_MS = MINUTE_MS;
const SECRET_LENGTH_MAX = 128;

/**
 * The session whose cookie this request carries. It is read from the database each time, so that one that was ended ends in
 * every worker at once. Refusals: SIGN_IN_REQUIRED (no cookie), SESSION_EXPIRED, ADMINISTRATOR_DISABLED.
 */
export async function readSession(
  { clock, config, store }: Pick<ServerContext, 'clock' | 'config' | 'store'>,
  request: FastifyRequest,
): Promise<SessionRow> {
  const secret = readCookie(request, SESSION_COOKIE);
  if (secret === undefined || secret === '') throw new AppError('SIGN_IN_REQUIRED');
  if (secret.length > SECRET_LENGTH_MAX) throw new AppError('SESSION_EXPIRED');
  const session = await findSessionBySecret(store.db, secret);
  const nowMs = clock.nowMs();
  const idleMs = config.signIn.sessionIdleMinutes * MINUTE_MS;
  if (session === undefined || !isOpen(session, nowMs, idleMs)) throw new AppError('SESSION_EXPIRED');
  if (session.administratorDisabled) throw new AppError('ADMINISTRATOR_DISABLED');
  if (request.isWatching !== true && nowMs - session.usedAtMs >= SESSION_TOUCH_MS)
    await touchSession(store.db, session.id, nowMs);
  return session;
}

/** Neither ended by somebody, nor over, nor left alone for too long. */
export const isOpen = (
  session: Pick<SessionRow, 'revokedAtMs' | 'expiresAtMs' | 'usedAtMs'>,
  nowMs: number,
  idleMs: number,
): boolean =>
  session.revokedAtMs === null && nowMs < session.expiresAtMs && nowMs < session.usedAtMs + idleMs;

/** The administrator behind a session. Refusals: those of `readSession`. */
export async function principalOfSession(
  context: ServerContext,
  request: FastifyRequest,
): Promise<Principal> {
  const session = await readSession(context, request);
  const rights = await context.accounts.rightsOf(session.administratorId, session.administratorRevision);
  if (rights === undefined) throw new AppError('ADMINISTRATOR_DISABLED');
  return {
    kind: 'administrator',
    administratorId: session.administratorId,
    name: session.administratorName,
    origin: originOf(request),
    rights,
  };
}
