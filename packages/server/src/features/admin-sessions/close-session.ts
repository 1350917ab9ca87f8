import { AppError } from '@sekisho/core/errors.ts';
import type { SignInId } from '@sekisho/core/ids.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findSession, revokeSessions, type SessionRow } from './session-rows.ts';

/**
 * Ends a session, one's own or with the right `administrator.write` anybody's; it is over in every worker when this returns.
 * Refusals: NOT_FOUND (one of somebody else, too), API_KEY_MAY_NOT.
 */
export async function closeSession(
  { clock, feed, store }: ServerContext,
  id: SignInId,
  principal: Principal,
  act: 'end-session' | 'sign-out' = 'end-session',
): Promise<SessionRow> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  const ended = await store.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const session = await findSession(tx, id);
    const isOwn = session !== undefined && session.administratorId === principal.administratorId;
    if (session === undefined || !(isOwn || reachOf(principal, 'administrator.write') === 'domain'))
      throw new AppError('NOT_FOUND', { what: 'session', id });
    if ((await revokeSessions(tx, session.administratorId, nowMs, { only: [id] })) === 0) return session;
    await recordAudit(
      tx,
      {
        act,
        actor: principal.name,
        origin: principal.origin,
        subject: session.administratorId,
        outcome: 'done',
        detail: { name: session.administratorName, session: id, openedFrom: session.origin },
      },
      nowMs,
    );
    return session;
  });
  // what is open for it here (event streams) is cut before the answer
  await feed.catchUp().catch(() => undefined);
  return ended;
}
