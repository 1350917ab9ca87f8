import { REVOCATION_REASONS } from '@sekisho/core/wire/trust.ts';
import type { CrlEntry } from '@sekisho/pki/crl.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { deleteCrlBytes, insertMissingParts, type CrlBytes } from './crl-parts.store.ts';

/** A list without its bytes. */
export interface CrlHeadRow extends CrlBytes {
  readonly issuerKeyId: string;
  readonly shard: number;
  readonly number: number;
  /** Of the shard, as the list has it. */
  readonly revision: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

/** The counter that numbers all lists of the domain, so that one number says of all of them how far a host has come (T-44). */
export const CRL_COUNTER = 'crl';

/** The newest list of each shard, in one look: what was published together is seen together. */
export async function listNewestCrls(db: DbOrTx): Promise<CrlHeadRow[]> {
  const rows = await db
    .selectFrom('crls')
    .select(['issuer_key_id', 'shard', 'number', 'revision', 'list', 'parts'])
    .select(['this_update_ms', 'next_update_ms'])
    .orderBy('number')
    .execute();
  const newest = new Map<string, CrlHeadRow>();
  for (const row of rows)
    newest.set(`${row.issuer_key_id} ${row.shard}`, {
      issuerKeyId: row.issuer_key_id,
      shard: row.shard,
      number: row.number,
      revision: row.revision,
      list: row.list,
      parts: row.parts,
      thisUpdateMs: row.this_update_ms,
      nextUpdateMs: row.next_update_ms,
    });
  return [...newest.values()];
}

/** Inserts the newest list of a shard with the bytes that were not written ahead, and removes those before the one it follows. */
export async function insertCrl(
  tx: Tx,
  crl: Omit<CrlHeadRow, keyof CrlBytes> & { readonly entries: number; readonly der: Uint8Array },
  nowMs: number,
): Promise<void> {
  const ofShard = tx
    .selectFrom('crls')
    .where('issuer_key_id', '=', crl.issuerKeyId)
    .where('shard', '=', crl.shard);
  const { before } = await ofShard
    .select((row) => row.fn.max('number').as('before'))
    .executeTakeFirstOrThrow();
  const gone =
    before === null
      ? []
      : await ofShard.select(['number', 'list']).where('number', '<', Number(before)).execute();
  for (const { number } of gone)
    await tx
      .deleteFrom('crls')
      .where('issuer_key_id', '=', crl.issuerKeyId)
      .where('shard', '=', crl.shard)
      .where('number', '=', number)
      .execute();
  await deleteCrlBytes(
    tx,
    gone.map(({ list }) => list),
  );
  const bytes = await insertMissingParts(tx, crl.der, nowMs);
  await tx
    .insertInto('crls')
    .values({
      issuer_key_id: crl.issuerKeyId,
      shard: crl.shard,
      number: crl.number,
      revision: crl.revision,
      entries: crl.entries,
      list: bytes.list,
      parts: bytes.parts,
      this_update_ms: crl.thisUpdateMs,
      next_update_ms: crl.nextUpdateMs,
    })
    .execute();
}

/** The number that the last list got; 0 before the first. */
export async function lastCrlNumber(db: DbOrTx): Promise<number> {
  const row = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', CRL_COUNTER)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/** Entries that are read at once: a page must not hold up the heartbeats that wait behind it. */
export const REVOKED_PER_PAGE_MAX = 1_000;

/** A page of the revoked certificates that a shard's list names: all that expire after the given moment, by serial. */
export async function listRevoked(
  db: DbOrTx,
  page: { issuerKeyId: string; shard: number; expiringAfterMs: number; after: string },
): Promise<CrlEntry[]> {
  const rows = await selectRevoked.rows(db, page);
  return rows.map((row) => ({
    serial: row.serial,
    revokedAtMs: row.revoked_at_ms ?? 0,
    reason: REVOCATION_REASONS.find((known) => known === row.revocation_reason) ?? 'unspecified',
  }));
}

const selectRevoked = prepared(
  (db, page: { issuerKeyId: string; shard: number; expiringAfterMs: number; after: string }) =>
    db
      .selectFrom('certificates')
      .select(['serial', 'revoked_at_ms', 'revocation_reason'])
      .where('issuer_key_id', '=', page.issuerKeyId)
      .where('crl_shard', '=', page.shard)
      .where('serial', '>', page.after)
      .where('revoked_at_ms', 'is not', null)
      .where('not_after_ms', '>', page.expiringAfterMs)
      .orderBy('serial')
      .limit(REVOKED_PER_PAGE_MAX),
);
