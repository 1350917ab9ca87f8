import { HOUR_MS } from '@sekisho/core/time.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** Bytes in one row: backups and moves of the database read 500 to 1,000 rows in one go. */
export const PACKAGE_PART_BYTES = 64 * 1024;
/** Rows that are written, or read, in one go: 1 MiB. */
export const PARTS_AT_ONCE = 16;
/** The newest package of a platform and the one before it, which somebody may be in the middle of fetching. */
export const PACKAGES_KEPT_PER_PLATFORM_MAX = 2;
/** Parts of a publication that was not finished go after this. */
const UNFINISHED_KEPT_MS = HOUR_MS;

/** A package whose bytes are kept. */
export interface KeptPackage {
  readonly sha256: string;
  readonly platform: string;
  readonly bytes: number;
}

/** Writes consecutive parts; those that are there already are written over. */
export async function putParts(
  tx: Tx,
  sha256: string,
  from: number,
  parts: readonly Uint8Array[],
  nowMs: number,
): Promise<void> {
  const rows = parts.map(({ buffer, byteOffset, byteLength }, n) => ({
    sha256,
    part: from + n,
    created_at_ms: nowMs,
    content: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  }));
  await tx
    .insertInto('package_parts')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['sha256', 'part']).doUpdateSet((row) => ({
        created_at_ms: row.ref('excluded.created_at_ms'),
        content: row.ref('excluded.content'),
      })),
    )
    .execute();
}

/** The bytes of a package, in order, as far as they are there; whether they are whole is for the reader to say. */
export async function* readParts(db: DbOrTx, sha256: string): AsyncGenerator<Buffer, void, undefined> {
  for (let from = 0; ; from += PARTS_AT_ONCE) {
    const rows = await db
      .selectFrom('package_parts')
      .select(['part', 'content'])
      .where('sha256', '=', sha256)
      .where('part', '>=', from)
      .where('part', '<', from + PARTS_AT_ONCE)
      .orderBy('part')
      .execute();
    for (const { content } of rows) yield Buffer.from(content, 'base64');
    if (rows.length < PARTS_AT_ONCE) return;
  }
}

/** From now on it is the newest of its platform; those beyond the limit are kept no longer. */
export async function keepPackage(tx: Tx, kept: KeptPackage, nowMs: number): Promise<void> {
  const { sha256, platform, bytes } = kept;
  await tx
    .insertInto('package_files')
    .values({ sha256, platform, bytes, published_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('sha256').doUpdateSet({ platform, published_at_ms: nowMs }))
    .execute();
  const rows = await tx
    .selectFrom('package_files')
    .select('sha256')
    .where('platform', '=', platform)
    .orderBy('published_at_ms', 'desc')
    .execute();
  const older = rows.filter((row) => row.sha256 !== sha256).slice(PACKAGES_KEPT_PER_PLATFORM_MAX - 1);
  for (const row of older) await tx.deleteFrom('package_files').where('sha256', '=', row.sha256).execute();
}

/** Hashes of the packages that are kept. */
export async function keptPackages(db: DbOrTx): Promise<Set<string>> {
  const rows = await db.selectFrom('package_files').select('sha256').execute();
  return new Set(rows.map(({ sha256 }) => sha256));
}

/** Removes the bytes of packages that are kept no longer, and of publications that were not finished. */
export async function removeUnkeptParts(store: Store, nowMs: number): Promise<void> {
  const unkept = await store.db
    .selectFrom('package_parts')
    .select('sha256')
    .groupBy('sha256')
    .having((row) => row.fn.max('created_at_ms'), '<', nowMs - UNFINISHED_KEPT_MS)
    .where('sha256', 'not in', store.db.selectFrom('package_files').select('sha256'))
    .execute();
  for (const { sha256 } of unkept)
    await store.transaction(async (tx) => {
      // it may have been published again meanwhile
      if ((await keptPackages(tx)).has(sha256)) return;
      await tx.deleteFrom('package_parts').where('sha256', '=', sha256).execute();
    });
}
