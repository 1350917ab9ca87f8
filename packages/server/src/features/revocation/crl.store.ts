import type { DbOrTx, Tx } from '../../store/tables.ts';

export interface CrlRow {
  readonly number: number;
  readonly der: Uint8Array;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

export async function findLatestCrl(db: DbOrTx, issuerKeyId: string): Promise<CrlRow | undefined> {
  const row = await db
    .selectFrom('crls')
    .select(['number', 'der', 'this_update_ms', 'next_update_ms'])
    .where('issuer_key_id', '=', issuerKeyId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    number: row.number,
    der: Buffer.from(row.der, 'base64'),
    thisUpdateMs: row.this_update_ms,
    nextUpdateMs: row.next_update_ms,
  };
}

/** Inserts the newest CRL of an issuer, and removes those before the one it follows. */
export async function insertCrl(tx: Tx, issuerKeyId: string, crl: CrlRow): Promise<void> {
  const before = await findLatestCrl(tx, issuerKeyId);
  if (before !== undefined)
    await tx
      .deleteFrom('crls')
      .where('issuer_key_id', '=', issuerKeyId)
      .where('number', '<', before.number)
      .execute();
  await tx
    .insertInto('crls')
    .values({
      issuer_key_id: issuerKeyId,
      shard: 0,
      revision: 0,
      entries: 0,
      number: crl.number,
      der: Buffer.from(crl.der).toString('base64'),
      this_update_ms: crl.thisUpdateMs,
      next_update_ms: crl.nextUpdateMs,
    })
    .execute();
}

export interface RevokedRow {
  readonly serial: string;
  readonly revokedAtMs: number;
  readonly reason: string | null;
}

/** Revoked certificates of an issuer that a CRL must list: all that expire after the given moment. */
export async function listRevoked(
  db: DbOrTx,
  issuerKeyId: string,
  expiringAfterMs: number,
): Promise<RevokedRow[]> {
  const rows = await db
    .selectFrom('certificates')
    .select(['serial', 'revoked_at_ms', 'revocation_reason'])
    .where('issuer_key_id', '=', issuerKeyId)
    .where('revoked_at_ms', 'is not', null)
    .where('not_after_ms', '>', expiringAfterMs)
    .orderBy('revoked_at_ms')
    .orderBy('serial')
    .execute();
  return rows.map((row) => ({
    serial: row.serial,
    revokedAtMs: row.revoked_at_ms ?? 0,
    reason: row.revocation_reason,
  }));
}
