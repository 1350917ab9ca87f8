import {
  parseAdministratorId,
  parseApiKeyId,
  parseGroupId,
  type AdministratorId,
  type ApiKeyId,
  type GroupId,
} from '@sekisho/core/ids.ts';
import { RIGHTS, type Right } from '@sekisho/core/rules/rights.ts';
import { z } from 'zod';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** An API key without its secret. */
export interface ApiKeyRow {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly administratorId: AdministratorId;
  /** The name of its owner. */
  readonly owner: string;
  readonly scopes: readonly Right[];
  /** Null: as far as the rights of its owner go. */
  readonly groupId: GroupId | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** In the column: no group. */
const WHOLE_DOMAIN = '';
const isRight = (raw: string): raw is Right => (RIGHTS as readonly string[]).includes(raw);
const storedScopes = z.array(z.string());

const selectKeys = (db: DbOrTx) =>
  db
    .selectFrom('api_keys')
    .innerJoin('administrators', 'administrators.id', 'api_keys.administrator_id')
    .select([
      'api_keys.id',
      'api_keys.name',
      'api_keys.administrator_id',
      'administrators.name as owner',
      'api_keys.scopes',
      'api_keys.group_id',
      'api_keys.created_at_ms',
      'api_keys.created_by',
      'api_keys.expires_at_ms',
      'api_keys.used_at_ms',
      'api_keys.revoked_at_ms',
    ]);

/** The key with this hash of its secret, whatever its state. */
export async function selectKeyByHash(db: DbOrTx, sha256: string): Promise<ApiKeyRow | undefined> {
  const row = await selectKeys(db).where('api_keys.secret_sha256', '=', sha256).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

export async function selectKey(db: DbOrTx, id: ApiKeyId): Promise<ApiKeyRow | undefined> {
  const row = await selectKeys(db).where('api_keys.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** A page of keys, the newest first; of one administrator, or of all. */
export async function selectKeysPage(
  db: DbOrTx,
  page: {
    readonly limit: number;
    readonly after: { readonly ms: number; readonly id: string } | undefined;
    readonly owner: AdministratorId | undefined;
  },
): Promise<ApiKeyRow[]> {
  let query = selectKeys(db)
    .orderBy('api_keys.created_at_ms', 'desc')
    .orderBy('api_keys.id')
    .limit(page.limit);
  if (page.owner !== undefined) query = query.where('api_keys.administrator_id', '=', page.owner);
  const { after } = page;
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('api_keys.created_at_ms', '<', after.ms),
        row.and([row('api_keys.created_at_ms', '=', after.ms), row('api_keys.id', '>', after.id)]),
      ]),
    );
  return (await query.execute()).map(rowOf);
}

/** Keys of an administrator that nobody has revoked, made at or after a time; the oldest first. */
export async function selectUnrevokedKeys(
  db: DbOrTx,
  owner: AdministratorId,
  madeSinceMs: number,
): Promise<ApiKeyRow[]> {
  const rows = await selectKeys(db)
    .where('api_keys.administrator_id', '=', owner)
    .where('api_keys.revoked_at_ms', 'is', null)
    .where('api_keys.created_at_ms', '>=', madeSinceMs)
    .orderBy('api_keys.created_at_ms')
    .orderBy('api_keys.id')
    .execute();
  return rows.map(rowOf);
}

/** Keys of an administrator that still work. */
export async function countActiveKeys(db: DbOrTx, owner: AdministratorId, nowMs: number): Promise<number> {
  const row = await db
    .selectFrom('api_keys')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('administrator_id', '=', owner)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertKey(tx: Tx, key: ApiKeyRow, sha256: string): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({
      id: key.id,
      name: key.name,
      secret_sha256: sha256,
      administrator_id: key.administratorId,
      scopes: JSON.stringify(key.scopes),
      group_id: key.groupId ?? WHOLE_DOMAIN,
      created_at_ms: key.createdAtMs,
      created_by: key.createdBy,
      expires_at_ms: key.expiresAtMs,
      used_at_ms: null,
      revoked_at_ms: null,
    })
    .execute();
}

export async function markKeyRevoked(tx: Tx, id: ApiKeyId, nowMs: number): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({ revoked_at_ms: nowMs })
    .where('id', '=', id)
    .where('revoked_at_ms', 'is', null)
    .execute();
}

/** Notes a use, unless one was noted after `beforeMs`. */
export async function markKeyUsed(db: DbOrTx, id: ApiKeyId, nowMs: number, beforeMs: number): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ used_at_ms: nowMs })
    .where('id', '=', id)
    .where((row) => row.or([row('used_at_ms', 'is', null), row('used_at_ms', '<', beforeMs)]))
    .execute();
}

function rowOf(row: {
  id: string;
  name: string;
  administrator_id: string;
  owner: string;
  scopes: string;
  group_id: string;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  used_at_ms: number | null;
  revoked_at_ms: number | null;
}): ApiKeyRow {
  const id = parseApiKeyId(row.id);
  const administratorId = parseAdministratorId(row.administrator_id);
  const groupId = row.group_id === WHOLE_DOMAIN ? null : parseGroupId(row.group_id);
  if (id === undefined || administratorId === undefined || groupId === undefined)
    throw new Error(`the row of API key ${row.id} is not readable`);
  return {
    id,
    name: row.name,
    administratorId,
    owner: row.owner,
    // a right that another version knew gives nothing here
    scopes: storedScopes.parse(JSON.parse(row.scopes)).filter(isRight),
    groupId,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    usedAtMs: row.used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
