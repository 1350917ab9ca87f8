import { z } from 'zod';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { deleteCrlBytes } from './crl-parts.store.ts';

/** One shard of an issuer's certificates: each has a revocation list of its own. */
export interface ShardRow {
  readonly issuerKeyId: string;
  /** Zero: all certificates of the issuer. */
  readonly shard: number;
  /** Where its list is, as its certificates say it; empty for shard zero. */
  readonly uris: readonly string[];
  readonly certificates: number;
  /** Goes up with each revocation. */
  readonly revision: number;
  readonly closedAtMs: number | null;
}

const uriList = z.array(z.string());

/** All shards, in the order in which they were opened. */
export async function listShards(db: DbOrTx): Promise<ShardRow[]> {
  const rows = await db
    .selectFrom('crl_shards')
    .select(['issuer_key_id', 'shard', 'uris', 'certificates', 'revision', 'closed_at_ms'])
    .orderBy('issuer_key_id')
    .orderBy('shard')
    .execute();
  return rows.map((row) => ({
    issuerKeyId: row.issuer_key_id,
    shard: row.shard,
    uris: uriList.parse(JSON.parse(row.uris)),
    certificates: row.certificates,
    revision: row.revision,
    closedAtMs: row.closed_at_ms,
  }));
}

export async function insertShard(
  tx: Tx,
  shard: { issuerKeyId: string; shard: number; uris: readonly string[] },
  nowMs: number,
): Promise<ShardRow> {
  await tx
    .insertInto('crl_shards')
    .values({
      issuer_key_id: shard.issuerKeyId,
      shard: shard.shard,
      uris: JSON.stringify(shard.uris),
      certificates: 0,
      revision: 0,
      opened_at_ms: nowMs,
      closed_at_ms: null,
    })
    .execute();
  return { ...shard, certificates: 0, revision: 0, closedAtMs: null };
}

/** Nothing is issued into this shard any more; its list goes on. */
export async function closeShard(tx: Tx, shard: ShardRow, nowMs: number): Promise<void> {
  await tx
    .updateTable('crl_shards')
    .set({ closed_at_ms: nowMs })
    .where('issuer_key_id', '=', shard.issuerKeyId)
    .where('shard', '=', shard.shard)
    .execute();
}

/** A shard that is of no use any more goes, with its lists. */
export async function deleteShard(tx: Tx, shard: ShardRow): Promise<void> {
  const lists = await tx
    .selectFrom('crls')
    .select('list')
    .where('issuer_key_id', '=', shard.issuerKeyId)
    .where('shard', '=', shard.shard)
    .execute();
  for (const table of ['crls', 'crl_shards'] as const)
    await tx
      .deleteFrom(table)
      .where('issuer_key_id', '=', shard.issuerKeyId)
      .where('shard', '=', shard.shard)
      .execute();
  await deleteCrlBytes(
    tx,
    lists.map(({ list }) => list),
  );
}

/** So many more certificates were issued into it. */
export async function countIssued(
  db: DbOrTx,
  shard: { issuerKeyId: string; shard: number; issued: number },
): Promise<void> {
  await db
    .updateTable('crl_shards')
    .set((row) => ({ certificates: row('certificates', '+', shard.issued) }))
    .where('issuer_key_id', '=', shard.issuerKeyId)
    .where('shard', '=', shard.shard)
    .execute();
}

/** The shards of certificates that were just revoked need new lists; gives the revision of each, which says when it has one. */
export async function touchShards(
  tx: Tx,
  revoked: readonly { issuer_key_id: string; crl_shard: number }[],
): Promise<ShardRevision[]> {
  const touched = new Map<string, ShardRevision>();
  for (const { issuer_key_id: issuerKeyId, crl_shard: shard } of revoked) {
    const key = `${issuerKeyId} ${shard}`;
    if (touched.has(key)) continue;
    const row = await raiseRevision.first(tx, { issuerKeyId, shard });
    if (row !== undefined) touched.set(key, { issuerKeyId, shard, revision: row.revision });
  }
  return [...touched.values()];
}

/** A shard as it is after a revocation. */
export interface ShardRevision {
  readonly issuerKeyId: string;
  readonly shard: number;
  readonly revision: number;
}

const raiseRevision = prepared((db, wish: { issuerKeyId: string; shard: number }) =>
  db
    .updateTable('crl_shards')
    .set((row) => ({ revision: row('revision', '+', 1) }))
    .where('issuer_key_id', '=', wish.issuerKeyId)
    .where('shard', '=', wish.shard)
    .returning('revision'),
);
