import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import { auditEntry, type AuditEntryView } from '@sekisho/core/wire/audit.ts';
import { auditRow } from '@sekisho/core/wire/trust.ts';
import { consistencyProof, inclusionProof, leafHash } from '@sekisho/pki/merkle.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { TILE_WIDTH, Tiles } from './audit-tiles.ts';
import { newestCheckpoint, writtenRows, type StoredCheckpoint } from './extend-tree.ts';
import { textOfRow, type StoredAuditRow } from './record-audit.ts';

const COLUMNS = [
  'seq',
  'at_ms',
  'category',
  'act',
  'actor',
  'origin',
  'subject',
  'outcome',
  'detail',
] as const;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The newest checkpoint. Refusal: AUDIT_CHECKPOINT_MISSING. */
export async function getCheckpoint(db: DbOrTx): Promise<StoredCheckpoint> {
  const newest = await newestCheckpoint(db);
  if (newest === undefined) throw new AppError('AUDIT_CHECKPOINT_MISSING');
  return newest;
}

/** The newest checkpoint, and the proof that the tree of `from` rows is its beginning. Refusal: BODY_INVALID (a larger one). */
export async function proveConsistency(
  db: DbOrTx,
  from: number | undefined,
): Promise<{ checkpoint: string; size: number; root: string; consistency: string[] | null }> {
  const { note: checkpoint, size, root } = await getCheckpoint(db);
  if (from === undefined) return { checkpoint, size, root, consistency: null };
  if (from > size) throw new AppError('BODY_INVALID', { detail: `from: the log has ${size} rows` });
  const consistency = await consistencyProof(from, size, new Tiles(db).subtree);
  return { checkpoint, size, root, consistency: consistency.map(base64) };
}

/** A row, its leaf, and the proof that the newest checkpoint covers it. Refusal: NOT_FOUND. */
export async function proveRow(db: DbOrTx, seq: number) {
  const stored = await db.selectFrom('audit').select(COLUMNS).where('seq', '=', seq).executeTakeFirst();
  if (stored === undefined) throw new AppError('NOT_FOUND', { what: 'audit row', id: seq });
  const { at_ms: atMs, detail, ...rest } = stored;
  const row = auditRow.parse({ ...rest, atMs, detail: JSON.parse(detail) });
  const leaf = base64(leafHash(Buffer.from(textOfRow(stored), 'utf8')));
  const newest = await newestCheckpoint(db);
  if (newest === undefined || newest.size < seq) return { row, leaf, proof: null };
  const hashes = await inclusionProof(seq - 1, newest.size, new Tiles(db).subtree);
  const { note: checkpoint, size } = newest;
  return { row, leaf, proof: { checkpoint, index: seq - 1, size, hashes: hashes.map(base64) } };
}

/** A page of places from `from` on; page 0 has also rows that stand before the first place, where none belongs. */
export async function readEntries(
  db: DbOrTx,
  page: { from: number; limit?: number | undefined },
): Promise<{ entries: AuditEntryView[]; nextFrom: number | null; written: number }> {
  const limit = page.limit ?? PAGE_ROWS_MAX;
  const size = (await newestCheckpoint(db))?.size ?? 0;
  const start = Math.max(1, page.from);
  const end = start + limit;
  const found = await rowsBetween(db, start, end);
  // asked after the rows: what is written in between has no place here yet
  const written = Math.max(size, found.at(-1)?.seq ?? 0, Math.min(await writtenRows(db), end - 1));
  const tiles = new Tiles(db);
  const entries: AuditEntryView[] = page.from === 0 ? await strays(db) : [];
  const rows = new Map(found.map((row) => [row.seq, row]));
  for (let seq = start; seq < end && seq <= written; seq += 1) {
    const tile = seq <= size ? await tiles.tile(0, Math.floor((seq - 1) / TILE_WIDTH)) : [];
    entries.push(entryOf(seq, rows.get(seq), seq <= size ? tile[(seq - 1) % TILE_WIDTH] : undefined));
  }
  return { entries, nextFrom: await nextPlace(db, end, size), written: await writtenRows(db) };
}

const rowsBetween = (db: DbOrTx, start: number, end: number): Promise<StoredAuditRow[]> =>
  db
    .selectFrom('audit')
    .select(COLUMNS)
    .where('seq', '>=', start)
    .where('seq', '<', end)
    .orderBy('seq')
    .execute();

const STRAYS_MAX = 10;

async function strays(db: DbOrTx): Promise<AuditEntryView[]> {
  const rows = await db.selectFrom('audit').select(COLUMNS).where('seq', '<', 1).limit(STRAYS_MAX).execute();
  return rows.map((row) => entryOf(row.seq, row, undefined));
}

/** The next place that has a hash or a row, however far away somebody put it. */
async function nextPlace(db: DbOrTx, end: number, size: number): Promise<number | null> {
  if (end <= size) return end;
  const row = await db
    .selectFrom('audit')
    .select('seq')
    .where('seq', '>=', end)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? null;
}

const entryOf = (
  seq: number,
  row: StoredAuditRow | undefined,
  leaf: Uint8Array | undefined,
): AuditEntryView =>
  auditEntry.parse({ seq, leaf: leaf === undefined ? null : base64(leaf), row: viewOf(row) });

function viewOf(row: StoredAuditRow | undefined): AuditEntryView['row'] {
  if (row === undefined) return null;
  const { at_ms: atMs, detail, ...rest } = row;
  try {
    const parsed = auditEntry.shape.row.safeParse({ ...rest, atMs, detail: JSON.parse(detail) as unknown });
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // no JSON any more: somebody changed it
  }
}

/** Signed heads that are kept, the oldest first. */
export async function readCheckpoints(
  db: DbOrTx,
  from: number,
): Promise<{ checkpoints: { size: number; checkpoint: string }[]; nextFrom: number | null }> {
  const rows = await db
    .selectFrom('audit_checkpoints')
    .select(['size', 'note'])
    .where('size', '>=', from)
    .orderBy('size')
    .limit(PAGE_ROWS_MAX)
    .execute();
  const last = rows.at(-1);
  return {
    checkpoints: rows.map(({ size, note }) => ({ size, checkpoint: note })),
    nextFrom: rows.length === PAGE_ROWS_MAX && last !== undefined ? last.size + 1 : null,
  };
}
