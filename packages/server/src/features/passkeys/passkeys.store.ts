import {
  parseAdministratorId,
  parseSha256Hex,
  type AdministratorId,
  type Sha256Hex,
} from '@sekisho/core/ids.ts';
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** A passkey: the public half of a credential that never leaves its authenticator. */
export interface PasskeyRow {
  /** SHA-256 of the credential's ID: what addresses name. */
  readonly id: Sha256Hex;
  /** Base64url. */
  readonly credentialId: string;
  readonly administratorId: AdministratorId;
  readonly name: string;
  /** COSE. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly createdAtMs: number;
  readonly usedAtMs: number | null;
}

const COLUMNS = [
  'credential_id',
  'administrator_id',
  'name',
  'public_key',
  'sign_count',
  'transports',
  'created_at_ms',
  'used_at_ms',
] as const;
const storedTransports = z.array(z.string());

/** Passkeys of one administrator, the oldest first. */
export async function selectPasskeysOf(db: DbOrTx, owner: AdministratorId): Promise<PasskeyRow[]> {
  const rows = await db
    .selectFrom('passkeys')
    .select(COLUMNS)
    .where('administrator_id', '=', owner)
    .orderBy('created_at_ms')
    .orderBy('credential_id')
    .execute();
  return rows.map(rowOf);
}

export async function selectPasskey(db: DbOrTx, credentialId: string): Promise<PasskeyRow | undefined> {
  const row = await db
    .selectFrom('passkeys')
    .select(COLUMNS)
    .where('credential_id', '=', credentialId)
    .executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

export async function insertPasskey(tx: Tx, row: Omit<PasskeyRow, 'id' | 'usedAtMs'>): Promise<void> {
  await tx
    .insertInto('passkeys')
    .values({
      credential_id: row.credentialId,
      administrator_id: row.administratorId,
      name: row.name,
      public_key: Buffer.from(row.publicKey).toString('base64'),
      sign_count: row.signCount,
      transports: JSON.stringify(row.transports),
      created_at_ms: row.createdAtMs,
      used_at_ms: null,
    })
    .execute();
}

/** Notes a use; false when another sign-in moved the counter meanwhile. */
export async function markPasskeyUsed(
  tx: Tx,
  row: PasskeyRow,
  signCount: number,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({ sign_count: signCount, used_at_ms: nowMs })
    .where('credential_id', '=', row.credentialId)
    .where('sign_count', '=', row.signCount)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function updatePasskeyName(tx: Tx, row: PasskeyRow, name: string): Promise<void> {
  await tx.updateTable('passkeys').set({ name }).where('credential_id', '=', row.credentialId).execute();
}

export async function deletePasskey(tx: Tx, row: PasskeyRow): Promise<void> {
  await tx.deleteFrom('passkeys').where('credential_id', '=', row.credentialId).execute();
}

/** What addresses call a credential. */
export function passkeyIdOf(credentialId: string): Sha256Hex {
  const id = parseSha256Hex(hash('sha256', Buffer.from(credentialId, 'base64url'), 'hex'));
  if (id === undefined) throw new Error('a SHA-256 is not one');
  return id;
}

function rowOf(row: {
  credential_id: string;
  administrator_id: string;
  name: string;
  public_key: string;
  sign_count: number;
  transports: string;
  created_at_ms: number;
  used_at_ms: number | null;
}): PasskeyRow {
  const administratorId = parseAdministratorId(row.administrator_id);
  if (administratorId === undefined) throw new Error('the row of a passkey is not readable');
  return {
    id: passkeyIdOf(row.credential_id),
    credentialId: row.credential_id,
    administratorId,
    name: row.name,
    publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64')),
    signCount: row.sign_count,
    transports: storedTransports.parse(JSON.parse(row.transports)),
    createdAtMs: row.created_at_ms,
    usedAtMs: row.used_at_ms,
  };
}
