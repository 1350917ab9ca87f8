import { parseHostId, parseTokenId, type TokenId } from '@sekisho/core/ids.ts';
import type { TokenFacts } from '@sekisho/core/rules/token.ts';
import { hash, timingSafeEqual } from 'node:crypto';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** A token with what lists show of it. */
export interface TokenRow extends TokenFacts {
  readonly name: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
}

const COLUMNS = [
  'id',
  'name',
  'purpose',
  'secret_sha256',
  'uses_max',
  'uses',
  'host_name',
  'host_id',
  'media_since_ms',
  'created_at_ms',
  'created_by',
  'expires_at_ms',
  'deleted_at_ms',
] as const;

/** Longer texts are no token. */
export const TOKEN_LENGTH_MAX = 256;

/** What is stored of a token's secret. */
export const tokenHash = (secret: string): string => hash('sha256', secret, 'hex');

/** The token of a secret. The look-up goes by the hash, so timing says nothing about the secret; the hash is compared in constant time all the same. */
export async function findTokenBySecret(db: DbOrTx, secret: string): Promise<TokenRow | undefined> {
  if (secret.length > TOKEN_LENGTH_MAX) return undefined;
  const wanted = tokenHash(secret);
  const row = await selectBySecret.first(db, { wanted });
  if (row === undefined || !timingSafeEqual(Buffer.from(row.secret_sha256), Buffer.from(wanted)))
    return undefined;
  return rowOf(row);
}

const selectBySecret = prepared((db, wish: { wanted: string }) =>
  db.selectFrom('tokens').select(COLUMNS).where('secret_sha256', '=', wish.wanted),
);

export async function findToken(db: DbOrTx, id: TokenId): Promise<TokenRow | undefined> {
  const row = await db.selectFrom('tokens').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** A page of tokens, the newest first; `after` is `createdAtMs/id` of the last row. */
export async function listTokenRows(
  db: DbOrTx,
  page: { limit: number; after: { createdAtMs: number; id: string } | undefined },
): Promise<TokenRow[]> {
  let query = db
    .selectFrom('tokens')
    .select(COLUMNS)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .limit(page.limit);
  const { after } = page;
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('created_at_ms', '<', after.createdAtMs),
        row.and([row('created_at_ms', '=', after.createdAtMs), row('id', '>', after.id)]),
      ]),
    );
  return (await query.execute()).map(rowOf);
}

export async function insertToken(tx: Tx, token: TokenRow, secret: string): Promise<void> {
  await tx
    .insertInto('tokens')
    .values({
      id: token.id,
      name: token.name,
      purpose: token.purpose,
      secret_sha256: tokenHash(secret),
      uses_max: token.usesMax,
      uses: token.uses,
      host_name: token.hostName,
      host_id: token.hostId,
      media_since_ms: token.media ? token.createdAtMs : null,
      created_at_ms: token.createdAtMs,
      created_by: token.createdBy,
      expires_at_ms: token.expiresAtMs,
      deleted_at_ms: null,
    })
    .execute();
}

/** Counts one use; false when there is none left (another process was faster). */
export async function spendToken(tx: Tx, id: TokenId): Promise<boolean> {
  return (await spendOne.run(tx, { id })) === 1;
}

const spendOne = prepared((db, wish: { id: TokenId }) =>
  db
    .updateTable('tokens')
    .set((row) => ({ uses: row('uses', '+', 1) }))
    .where('id', '=', wish.id)
    .whereRef('uses', '<', 'uses_max')
    .where('deleted_at_ms', 'is', null),
);

/** Gives a use back: what it was spent on did not come about. */
export async function refundToken(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('tokens')
    .set((row) => ({ uses: row('uses', '-', 1) }))
    .where('id', '=', id)
    .where('uses', '>', 0)
    .execute();
}

export async function markTokenDeleted(tx: Tx, id: TokenId, nowMs: number): Promise<void> {
  await tx
    .updateTable('tokens')
    .set({ deleted_at_ms: nowMs })
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .execute();
}

function rowOf(row: {
  id: string;
  name: string;
  purpose: string;
  uses_max: number;
  uses: number;
  host_name: string | null;
  host_id: string | null;
  media_since_ms: number | null;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  deleted_at_ms: number | null;
}): TokenRow {
  const id = parseTokenId(row.id);
  if (id === undefined) throw new Error(`the row of token ${row.id} is not readable`);
  return {
    id,
    name: row.name,
    purpose: row.purpose === 'reissue' ? 'reissue' : 'enrol',
    usesMax: row.uses_max,
    uses: row.uses,
    expiresAtMs: row.expires_at_ms,
    deletedAtMs: row.deleted_at_ms,
    hostName: row.host_name,
    hostId: row.host_id === null ? null : (parseHostId(row.host_id) ?? null),
    media: row.media_since_ms !== null,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
  };
}
