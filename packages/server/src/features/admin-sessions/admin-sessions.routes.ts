import { AppError } from '@sekisho/core/errors.ts';
import type { SignInId } from '@sekisho/core/ids.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { endSession, listSessions, type AdminSessionView } from '@sekisho/core/wire/administrators.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf, parseTimeCursor, timeCursor } from '../../http/cursor.ts';
import { readCookie, SESSION_COOKIE } from '../../http/cookies.ts';
import { mount } from '../../http/mount.ts';
import { closeSession } from './close-session.ts';
import { findSessionBySecret, listOpenSessions, type SessionRow } from './session-rows.ts';

/** S-04 sessions: who is signed in, and ending it. */
export function adminSessionRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, config, store } = context;
  mount(app, listSessions, async ({ query, principal, request }) => {
    // the local socket has no sessions of its own
    const me = principal.administratorId;
    const ofOthers = query.of === 'all' || me === null || (query.administrator ?? me) !== me;
    // a key that leaks tells whoever finds it nothing of where its owner sits, unless it was made for that
    const needsRight = ofOthers || principal.kind === 'api-key';
    if (needsRight && reachOf(principal, 'administrator.read') !== 'domain')
      throw new AppError('RIGHT_MISSING', { right: 'administrator.read' });
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const rows = await listOpenSessions(store.db, {
      administratorId: query.administrator ?? (ofOthers ? undefined : me),
      nowMs: clock.nowMs(),
      idleMs: config.signIn.sessionIdleMinutes * MINUTE_MS,
      limit: limit + 1,
      after: parseTimeCursor(query.after),
    });
    const { shown, next } = pageOf(rows, limit, (row) => timeCursor(row.createdAtMs, row.id));
    const current = await currentSession(context, request);
    return { sessions: shown.map((row) => viewSession(row, current)), next };
  });
  mount(app, endSession, async ({ params, principal, request }) => {
    const current = await currentSession(context, request);
    return viewSession(await closeSession(context, params.id, principal), current);
  });
}

async function currentSession(
  { store }: ServerContext,
  request: FastifyRequest,
): Promise<SignInId | undefined> {
  const secret = readCookie(request, SESSION_COOKIE);
  return secret === undefined ? undefined : (await findSessionBySecret(store.db, secret))?.id;
}

const viewSession = (row: SessionRow, current: SignInId | undefined): AdminSessionView => ({
  id: row.id,
  administrator: { id: row.administratorId, name: row.administratorName },
  method: row.method,
  origin: row.origin,
  userAgent: row.userAgent,
  createdAtMs: row.createdAtMs,
  usedAtMs: row.usedAtMs,
  expiresAtMs: row.expiresAtMs,
  current: row.id === current,
});
