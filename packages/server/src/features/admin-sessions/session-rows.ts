import { AppError } from '@sekisho/core/errors.ts';
import { parseSignInId, type AdministratorId, type SignInId } from '@sekisho/core/ids.ts';
import { SIGN_IN_METHODS } from '@sekisho/core/wire/administrators.ts';
import { hash } from 'node:crypto';
import { addressKey } from '../../http/connections.ts';
import { LOCAL_ORIGIN } from '../../http/request-origin.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedId } from '../administrators/administrator-rows.ts';

export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

/** A session with what is asked of its administrator at every request. */
export interface SessionRow {
  readonly id: SignInId;
  readonly administratorId: AdministratorId;
  readonly administratorName: string;
  readonly administratorDisabled: boolean;
  readonly administratorRevision: number;
  readonly method: SignInMethod;
  readonly origin: string;
  readonly userAgent: string;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** What is stored of a session's secret. */
export const sessionHash = (secret: string): string => hash('sha256', secret, 'hex');

const select = (db: DbOrTx) =>
  db
    .selectFrom('admin_sessions')
    .innerJoin('administrators', 'administrators.id', 'admin_sessions.administrator_id')
    .select([
      'admin_sessions.id',
      'admin_sessions.administrator_id',
      'administrators.name',
      'administrators.disabled_at_ms',
      'administrators.revision',
      'admin_sessions.method',
      'admin_sessions.origin',
      'admin_sessions.user_agent',
      'admin_sessions.created_at_ms',
      'admin_sessions.used_at_ms',
      'admin_sessions.expires_at_ms',
      'admin_sessions.revoked_at_ms',
    ]);

/** The session of a secret, whatever its state. The look-up goes by the hash, so timing says nothing about the secret. */
export async function findSessionBySecret(db: DbOrTx, secret: string): Promise<SessionRow | undefined> {
  const row = await select(db)
    .where('admin_sessions.secret_sha256', '=', sessionHash(secret))
    .executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** Refusal: SESSION_EXPIRED, for a session that was ended since the request came in. */
export async function requireStillOpen(tx: Tx, { id }: Pick<SessionRow, 'id'>): Promise<void> {
  if ((await findSession(tx, id))?.revokedAtMs !== null) throw new AppError('SESSION_EXPIRED');
}

export async function findSession(db: DbOrTx, id: SignInId): Promise<SessionRow | undefined> {
  const row = await select(db).where('admin_sessions.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** Sessions that are open now, the newest first. */
export async function listOpenSessions(
  db: DbOrTx,
  page: {
    readonly administratorId: AdministratorId | undefined;
    readonly nowMs: number;
    readonly idleMs: number;
    readonly limit: number;
    readonly after: { readonly ms: number; readonly id: string } | undefined;
  },
): Promise<SessionRow[]> {
  const { administratorId, after, nowMs } = page;
  let query = select(db)
    .where('admin_sessions.revoked_at_ms', 'is', null)
    .where('admin_sessions.expires_at_ms', '>', nowMs)
    .where('admin_sessions.used_at_ms', '>', nowMs - page.idleMs)
    .orderBy('admin_sessions.created_at_ms', 'desc')
    .orderBy('admin_sessions.id')
    .limit(page.limit);
  if (administratorId !== undefined)
    query = query.where('admin_sessions.administrator_id', '=', administratorId);
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('admin_sessions.created_at_ms', '<', after.ms),
        row.and([
          row('admin_sessions.created_at_ms', '=', after.ms),
          row('admin_sessions.id', '>', after.id),
        ]),
      ]),
    );
  return (await query.execute()).map(rowOf);
}

export async function insertSession(
  tx: Tx,
  session: Omit<SessionRow, 'administratorName' | 'administratorDisabled' | 'administratorRevision'>,
  secret: string,
): Promise<void> {
  await tx
    .insertInto('admin_sessions')
    .values({
      id: session.id,
      secret_sha256: sessionHash(secret),
      administrator_id: session.administratorId,
      method: session.method,
      origin: session.origin,
      origin_key: originKey(session.origin),
      user_agent: session.userAgent,
      created_at_ms: session.createdAtMs,
      used_at_ms: session.usedAtMs,
      expires_at_ms: session.expiresAtMs,
      revoked_at_ms: session.revokedAtMs,
    })
    .execute();
}

/** Ends sessions, and says so to every worker; returns how many were open. */
export async function revokeSessions(
  tx: Tx,
  administratorId: AdministratorId,
  nowMs: number,
  which: { readonly only?: readonly SignInId[]; readonly except?: SignInId } = {},
): Promise<number> {
  let query = tx
    .updateTable('admin_sessions')
    .set({ revoked_at_ms: nowMs })
    .where('administrator_id', '=', administratorId)
    .where('revoked_at_ms', 'is', null);
  if (which.only !== undefined) {
    if (which.only.length === 0) return 0;
    query = query.where('id', 'in', which.only);
  }
  if (which.except !== undefined) query = query.where('id', '!=', which.except);
  const { numUpdatedRows } = await query.executeTakeFirst();
  if (numUpdatedRows > 0n) await recordChange(tx, 'administrator', administratorId);
  return Number(numUpdatedRows);
}

/** Notes that the session was used; nothing hangs on it but the idle time and what lists show. */
export async function touchSession(db: DbOrTx, id: SignInId, nowMs: number): Promise<void> {
  await db
    .updateTable('admin_sessions')
    .set({ used_at_ms: nowMs })
    .where('id', '=', id)
    .where('used_at_ms', '<', nowMs)
    .execute();
}

/** IDs of an administrator's sessions, the newest first, of those that are not revoked or of all. */
export async function sessionIds(
  tx: Tx,
  administratorId: AdministratorId,
  which: 'unrevoked' | 'all',
): Promise<SignInId[]> {
  let query = tx
    .selectFrom('admin_sessions')
    .select('id')
    .where('administrator_id', '=', administratorId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id');
  if (which === 'unrevoked') query = query.where('revoked_at_ms', 'is', null);
  return (await query.execute()).map(({ id }) => storedSessionId(id));
}

export async function deleteSessions(tx: Tx, ids: readonly SignInId[]): Promise<void> {
  if (ids.length > 0) await tx.deleteFrom('admin_sessions').where('id', 'in', ids).execute();
}

/** Rows of sessions that ended before this time go. */
export async function deleteSessionsBefore(tx: Tx, endedBeforeMs: number): Promise<void> {
  await tx.deleteFrom('admin_sessions').where('expires_at_ms', '<', endedBeforeMs).execute();
}

/**
 * Did this administrator sign in from there before? One look into an index: how long it takes says neither how often they did nor
 * whether there is such an administrator.
 */
export async function hasSignedInFrom(
  db: DbOrTx,
  administratorId: AdministratorId,
  origin: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('admin_sessions')
    .select('origin_key')
    .where('administrator_id', '=', administratorId)
    .where('origin_key', '=', originKey(origin))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Senders that are one: an address, or the /64 it is in. */
const originKey = (origin: string): string => (origin === LOCAL_ORIGIN ? origin : addressKey(origin));

/** When each of these last used a session. */
export async function lastUseOf(
  db: DbOrTx,
  administratorIds: readonly AdministratorId[],
): Promise<Map<AdministratorId, number>> {
  if (administratorIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('admin_sessions')
    .select((row) => ['administrator_id', row.fn.max('used_at_ms').as('used_at_ms')])
    .where('administrator_id', 'in', administratorIds)
    .groupBy('administrator_id')
    .execute();
  return new Map(rows.map((row) => [storedId(row.administrator_id), Number(row.used_at_ms)]));
}

function storedSessionId(raw: string): SignInId {
  const id = parseSignInId(raw);
  if (id === undefined) throw new Error(`the row of session ${raw} is not readable`);
  return id;
}

function rowOf(row: {
  id: string;
  administrator_id: string;
  name: string;
  disabled_at_ms: number | null;
  revision: number;
  method: string;
  origin: string;
  user_agent: string;
  created_at_ms: number;
  used_at_ms: number;
  expires_at_ms: number;
  revoked_at_ms: number | null;
}): SessionRow {
  const method = SIGN_IN_METHODS.find((one) => one === row.method);
  if (method === undefined) throw new Error(`the row of session ${row.id} is not readable`);
  return {
    id: storedSessionId(row.id),
    administratorId: storedId(row.administrator_id),
    administratorName: row.name,
    administratorDisabled: row.disabled_at_ms !== null,
    administratorRevision: row.revision,
    method,
    origin: row.origin,
    userAgent: row.user_agent,
    createdAtMs: row.created_at_ms,
    usedAtMs: row.used_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
