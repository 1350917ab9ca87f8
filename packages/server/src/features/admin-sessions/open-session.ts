import { AppError } from '@sekisho/core/errors.ts';
import { parseSignInId, type AdministratorId } from '@sekisho/core/ids.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { readCookie, SESSION_COOKIE, setCookie } from '../../http/cookies.ts';
import { originOf } from '../../http/request-origin.ts';
import type { Tx } from '../../store/tables.ts';
import { findAdministrator } from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { giveDeviceCookie } from './device-cookie.ts';
import {
  deleteSessions,
  deleteSessionsBefore,
  findSessionBySecret,
  insertSession,
  revokeSessions,
  sessionIds,
  type SignInMethod,
} from './session-rows.ts';

/** 256 random bits. */
export const SESSION_BYTES = 32;
/** Open sessions of one administrator; the oldest ends when one more is opened. */
export const SESSIONS_PER_ADMINISTRATOR_MAX = 20;
/** Rows of one administrator, with those that have ended: they say from where somebody signed in before. */
export const SESSION_ROWS_PER_ADMINISTRATOR_MAX = 200;
/** Ended sessions are remembered so long. */
export const SESSION_ROWS_KEPT_MS = 90 * DAY_MS;
export const USER_AGENT_LENGTH_MAX = 300;

/** A session whose row is written; its cookie goes out once that is committed. */
export interface OpenedSession {
  readonly administratorId: AdministratorId;
  readonly secret: Secret;
}

/**
 * Opens a session in the transaction that spends what it is opened for: a crash leaves both or neither, and nobody is let in
 * whose account was closed meanwhile. It is always a new one: whatever session the request came with ends, so nobody can plant
 * theirs on somebody else. `handSession` follows after the commit. Refusal: ADMINISTRATOR_DISABLED.
 */
export async function openSession(
  { clock, config, random }: Pick<ServerContext, 'clock' | 'config' | 'random'>,
  tx: Tx,
  opening: {
    readonly administratorId: AdministratorId;
    readonly method: SignInMethod;
    readonly request: FastifyRequest;
  },
): Promise<OpenedSession> {
  const { administratorId, method, request } = opening;
  const nowMs = clock.nowMs();
  const administrator = await findAdministrator(tx, administratorId);
  if (administrator === undefined || administrator.disabledAtMs !== null)
    throw new AppError('ADMINISTRATOR_DISABLED');
  const secret = Buffer.from(random.bytes(SESSION_BYTES)).toString('base64url');
  const id = parseSignInId(random.uuid());
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  await makeRoom(tx, administratorId, readCookie(request, SESSION_COOKIE), nowMs);
  const origin = originOf(request);
  const session = {
    id,
    administratorId,
    method,
    origin,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LENGTH_MAX),
    createdAtMs: nowMs,
    usedAtMs: nowMs,
    expiresAtMs: nowMs + config.signIn.sessionHours * HOUR_MS,
    revokedAtMs: null,
  };
  await insertSession(tx, session, secret);
  await recordAudit(
    tx,
    {
      act: 'sign-in',
      actor: administrator.name,
      origin,
      subject: administratorId,
      outcome: 'done',
      detail: { name: administrator.name, method, session: id },
    },
    nowMs,
  );
  return { administratorId, secret: new Secret(secret) };
}

/** Hands the cookies of a session to the browser; returns whose it is. */
export function handSession(
  context: Pick<ServerContext, 'clock' | 'keys' | 'random'>,
  { administratorId, secret }: OpenedSession,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): AdministratorId {
  setCookie(reply, SESSION_COOKIE, secret.reveal());
  giveDeviceCookie(context, administratorId, request, reply);
  return administratorId;
}

/** Ends the session that was presented and those beyond the limit, and forgets what is long past. */
async function makeRoom(
  tx: Tx,
  administratorId: AdministratorId,
  presented: string | undefined,
  nowMs: number,
): Promise<void> {
  const earlier = presented === undefined ? undefined : await findSessionBySecret(tx, presented);
  if (earlier !== undefined) await revokeSessions(tx, earlier.administratorId, nowMs, { only: [earlier.id] });
  const open = await sessionIds(tx, administratorId, 'unrevoked');
  await revokeSessions(tx, administratorId, nowMs, { only: open.slice(SESSIONS_PER_ADMINISTRATOR_MAX - 1) });
  await deleteSessionsBefore(tx, nowMs - SESSION_ROWS_KEPT_MS);
  const all = await sessionIds(tx, administratorId, 'all');
  await deleteSessions(tx, all.slice(SESSION_ROWS_PER_ADMINISTRATOR_MAX - 1));
}
