import { missingAuditRow } from '@sekisho/core/audit-row.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { emptyRoot, leafHash, rootOf } from '@sekisho/pki/merkle.ts';
import { checkpointText, openCheckpoint, signNote } from '@sekisho/pki/note.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { timingSafeEqual } from 'node:crypto';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { transactionContext } from '../../store/transaction-context.ts';
import type { AuditKey } from './audit-key.ts';
import { Tiles } from './audit-tiles.ts';
import { AUDIT_COUNTER, macOfText, recordAudit, textOfRow, type StoredAuditRow } from './record-audit.ts';

/** Rows that one transaction takes into the tree: a turn of the event loop that nobody notices. */
export const ROWS_PER_CHECKPOINT_MAX = 128;
/** The newest checkpoints are all kept; of older ones, the first of each hour. */
export const CHECKPOINTS_KEPT = 1_000;

/** A signed tree head as it lies in the database. */
export interface StoredCheckpoint {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly note: string;
  readonly atMs: number;
}

/** The newest signed tree head. */
export async function newestCheckpoint(db: DbOrTx): Promise<StoredCheckpoint | undefined> {
  return db
    .selectFrom('audit_checkpoints')
    .select(['size', 'root', 'note', 'at_ms as atMs'])
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** What was found wrong in the database while the tree was extended. */
export interface AuditFinding {
  readonly what: 'row-changed' | 'row-missing' | 'log-cut' | 'tree-changed';
  /** The row, or the size of the tree. */
  readonly seq: number;
}

/** Rows that were ever written; asked of the counter, which goes with each row's own transaction. */
export async function writtenRows(db: DbOrTx): Promise<number> {
  const row = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', AUDIT_COUNTER)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/**
 * Takes rows that are not in the tree yet into it, and signs the new head, in the transaction of one fenced duty. A row that
 * was changed or is gone since it was written is a finding: it is written to the log itself, and the tree goes on over what
 * is there, so that nobody can hold it up. A tree that does not fit its own signed head is never extended: the head of a
 * forged tree would be signed. Returns the new checkpoint, if there is one, and whether more rows wait.
 */
export async function extendTree(
  tx: Tx,
  key: AuditKey,
  nowMs: number,
): Promise<{ checkpoint: StoredCheckpoint | undefined; findings: AuditFinding[]; more: boolean }> {
  const newest = await newestCheckpoint(tx);
  const size = newest?.size ?? 0;
  const tiles = new Tiles(tx);
  if (!(await isSound(tiles, newest, key)))
    return { checkpoint: undefined, findings: [{ what: 'tree-changed', seq: size }], more: false };
  const written = await writtenRows(tx);
  const findings: AuditFinding[] = [];
  if (written < size) {
    findings.push({ what: 'log-cut', seq: written + 1 });
    // the numbers of rows that are gone are not given again
    await tx.updateTable('counters').set({ value: size }).where('name', '=', AUDIT_COUNTER).execute();
  }
  const end = Math.min(written, size + ROWS_PER_CHECKPOINT_MAX);
  const rows = await readRows(tx, size, end);
  for (let seq = size + 1; seq <= end; seq += 1) {
    const { text, finding } = judgeRow(transactionContext(tx).auditKey, seq, rows.get(seq));
    if (finding !== undefined) findings.push(finding);
    await tiles.append(seq - 1, leafHash(Buffer.from(text, 'utf8')));
  }
  for (const finding of findings) await recordFinding(tx, finding, nowMs);
  if (end <= size) return { checkpoint: undefined, findings, more: false };
  await tiles.save(tx);
  const checkpoint = await sign(tiles, end, key, nowMs);
  await keep(tx, checkpoint);
  crashPoint('audit-tree.before-commit');
  return { checkpoint, findings, more: end < written };
}

/** Does the newest head have our signature, and do the stored hashes make its root? */
async function isSound(tiles: Tiles, newest: StoredCheckpoint | undefined, key: AuditKey): Promise<boolean> {
  if (newest === undefined) return true;
  try {
    const { size, root } = openCheckpoint(newest.note, key.verifier);
    return size === newest.size && timingSafeEqual(await rootOf(size, tiles.subtree), root);
  } catch {
    return false; // no note of ours, or hashes that are gone
  }
}

function judgeRow(
  auditKey: Uint8Array,
  seq: number,
  row: (StoredAuditRow & { mac: string }) | undefined,
): { text: string; finding?: AuditFinding } {
  if (row === undefined) return { text: missingAuditRow(seq), finding: { what: 'row-missing', seq } };
  const text = textOfRow(row);
  const [right, found] = [Buffer.from(macOfText(auditKey, text)), Buffer.from(row.mac)];
  const isWritten = right.length === found.length && timingSafeEqual(right, found);
  return isWritten ? { text } : { text, finding: { what: 'row-changed', seq } };
}

async function readRows(
  tx: Tx,
  after: number,
  end: number,
): Promise<Map<number, StoredAuditRow & { mac: string }>> {
  const rows = await selectRows.rows(tx, { after, end });
  return new Map(rows.map((row) => [row.seq, row]));
}

const selectRows = prepared((db, wish: { after: number; end: number }) =>
  db
    .selectFrom('audit')
    .select(['seq', 'at_ms', 'category', 'act', 'actor', 'origin', 'subject', 'outcome', 'detail', 'mac'])
    .where('seq', '>', wish.after)
    .where('seq', '<=', wish.end),
);

async function sign(tiles: Tiles, size: number, key: AuditKey, nowMs: number): Promise<StoredCheckpoint> {
  const root = size === 0 ? emptyRoot() : await rootOf(size, tiles.subtree);
  const note = await signNote(checkpointText({ origin: key.origin, size, root }), key.origin, key.signer);
  return { size, root: Buffer.from(root).toString('base64'), note, atMs: nowMs };
}

async function keep(tx: Tx, checkpoint: StoredCheckpoint): Promise<void> {
  const { size, root, note, atMs } = checkpoint;
  await tx.insertInto('audit_checkpoints').values({ size, root, note, at_ms: atMs }).execute();
  const [old, older] = await tx
    .selectFrom('audit_checkpoints')
    .select(['size', 'at_ms'])
    .orderBy('size', 'desc')
    .offset(CHECKPOINTS_KEPT)
    .limit(2)
    .execute();
  const hour = (row: { at_ms: number }): number => Math.floor(row.at_ms / HOUR_MS);
  if (old !== undefined && older !== undefined && hour(old) === hour(older))
    await tx.deleteFrom('audit_checkpoints').where('size', '=', old.size).execute();
}

const recordFinding = (tx: Tx, finding: AuditFinding, nowMs: number): Promise<void> =>
  recordAudit(
    tx,
    {
      act: 'find-audit-tampering',
      actor: 'system',
      origin: 'server',
      subject: String(finding.seq),
      outcome: 'refused',
      detail: { what: finding.what },
    },
    nowMs,
  );
