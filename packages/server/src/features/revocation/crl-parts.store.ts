import { MINUTE_MS } from '@sekisho/core/time.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { hash } from 'node:crypto';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** Bytes of a list in one row: what is written, or read, in one go holds up everybody else. */
export const CRL_PART_BYTES = 256 * 1024;
/** Parts of a list that was never published go after this; to sign a list takes seconds. */
export const CRL_PARTS_KEPT_MS = 10 * MINUTE_MS;

/** Where a list's bytes are. */
export interface CrlBytes {
  /** SHA-256 of the bytes. */
  readonly list: string;
  readonly parts: number;
}

const crlBytesOf = (der: Uint8Array): CrlBytes => ({
  list: hash('sha256', der, 'hex'),
  parts: Math.max(1, Math.ceil(der.length / CRL_PART_BYTES)),
});

/**
 * Writes the bytes of a list ahead, each part in a transaction of its own, with turns for others between them. Nobody sees them before
 * `insertCrl` names them; a short list has nothing to be written ahead.
 */
export async function writeCrlAhead(store: Store, der: Uint8Array, nowMs: number): Promise<void> {
  const bytes = crlBytesOf(der);
  if (bytes.parts === 1) return;
  for (let part = 0; part < bytes.parts; part += 1) {
    await store.transaction((tx) => insertPart(tx, bytes.list, part, der, nowMs));
    crashPoint('crl.part-written');
    await breathe();
  }
  // not by whoever commits next, on this thread
  await store.moveLog();
}

/** Writes the parts of a list that are not there. */
export async function insertMissingParts(tx: Tx, der: Uint8Array, nowMs: number): Promise<CrlBytes> {
  const bytes = crlBytesOf(der);
  const rows = await tx.selectFrom('crl_parts').select('part').where('list', '=', bytes.list).execute();
  const there = new Set(rows.map(({ part }) => part));
  for (let part = 0; part < bytes.parts; part += 1)
    if (!there.has(part)) await insertPart(tx, bytes.list, part, der, nowMs);
  return bytes;
}

async function insertPart(tx: Tx, list: string, part: number, der: Uint8Array, nowMs: number): Promise<void> {
  const { buffer, byteOffset, byteLength } = der.subarray(part * CRL_PART_BYTES, (part + 1) * CRL_PART_BYTES);
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  await tx.insertInto('crl_parts').values({ list, part, created_at_ms: nowMs, der: text }).execute();
}

/** The bytes of a list, read by parts; undefined when they are not all there any more. */
export async function readCrlBytes(db: DbOrTx, { list, parts }: CrlBytes): Promise<Uint8Array | undefined> {
  const read: Buffer[] = [];
  for (let part = 0; part < parts; part += 1) {
    if (part > 0) await breathe();
    const row = await db
      .selectFrom('crl_parts')
      .select('der')
      .where('list', '=', list)
      .where('part', '=', part)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    read.push(Buffer.from(row.der, 'base64'));
  }
  const [first] = read;
  return first !== undefined && read.length === 1 ? first : Buffer.concat(read);
}

/** The parts of these lists go, unless another list has the same bytes. */
export async function deleteCrlBytes(tx: Tx, lists: readonly string[]): Promise<void> {
  if (lists.length === 0) return;
  await tx
    .deleteFrom('crl_parts')
    .where('list', 'in', lists)
    .where('list', 'not in', tx.selectFrom('crls').select('list'))
    .execute();
}

/** Removes the parts of lists that were not finished: a process ended in the middle of one, or another was first. */
export async function removeOrphanParts(store: Store, beforeMs: number): Promise<void> {
  const orphans = await store.db
    .selectFrom('crl_parts')
    .select('list')
    .distinct()
    .where('created_at_ms', '<', beforeMs)
    .where('list', 'not in', store.db.selectFrom('crls').select('list'))
    .execute();
  for (const { list } of orphans) await store.transaction((tx) => deleteCrlBytes(tx, [list]));
}

/** Lets everybody else have a turn: SQLite answers at once. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
