import { AUDIT_EVENTS, type AuditAct } from '@sekisho/core/audit-events.ts';
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { collectRows } from '../../store/collect-rows.ts';
import { nextValues } from '../../store/counters.ts';
import { rowInserter } from '../../store/insert-rows.ts';
import type { Tx } from '../../store/tables.ts';
import { afterCommit, transactionContext } from '../../store/transaction-context.ts';
import { mergeRefusal } from './merge-refusals.ts';
import { encodeDetail } from './redact-detail.ts';

/** One security-relevant act: who, from where, what, to whom, and how it ended. */
export interface AuditEntry {
  /** One of `core/audit-events.ts`, which also says its category. */
  readonly act: AuditAct;
  /** Who: an administrator's name, a host ID, `system`. */
  readonly actor: string;
  /** From where: an address, or `local`. */
  readonly origin: string;
  /** What it was done to. */
  readonly subject: string;
  readonly outcome: 'done' | 'refused';
  /** Before and after, code of a refusal; secrets become `[redacted]`. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A refusal that whoever is refused can cause again and again; `detail.code` and `detail.reason` say which. */
export type RepeatedRefusal = AuditEntry & { readonly outcome: 'refused' };

export const AUDIT_COUNTER = 'audit';
export const AUDIT_TEXT_LENGTH_MAX = 512;

/**
 * Appends to the audit log in the transaction of the act itself: an act without its row does not happen. Rows are numbered
 * and written just before the commit, all of a transaction (or of a batch of `submit`) together.
 */
export function recordAudit(tx: Tx, entry: AuditEntry, nowMs: number): Promise<void> {
  const { act, outcome } = entry;
  collectAudit(tx, {
    at_ms: nowMs,
    category: AUDIT_EVENTS[act].category,
    act,
    actor: boundedText(entry.actor),
    origin: boundedText(entry.origin),
    subject: boundedText(entry.subject),
    outcome,
    detail: encodeDetail(entry.detail),
  });
  return Promise.resolve();
}

const collectAudit = collectRows<Omit<StoredAuditRow, 'seq'>>(async (tx, entries) => {
  const { auditKey } = transactionContext(tx);
  const first = await nextValues(tx, AUDIT_COUNTER, entries.length);
  const rows = entries.map((entry, n) => {
    const row = { ...entry, seq: first + n };
    return { ...row, mac: macOfText(auditKey, textOfRow(row)) };
  });
  await insertAudit(tx, rows);
  afterCommit(tx, transactionContext(tx).auditWritten);
});

type AuditRow = Readonly<StoredAuditRow & { mac: string } & Record<string, string | number>>;
const insertAudit = rowInserter((db, rows: readonly AuditRow[]) => db.insertInto('audit').values(rows));

/**
 * The same for a refusal that strangers, or one host, can cause without end: the first is written at once, those that are
 * the same within the window are counted and written as one row with begin, end and count when it is over. So nobody fills
 * the log. `times`: so often at once.
 */
export async function recordRepeatedRefusal(
  tx: Tx,
  entry: RepeatedRefusal,
  nowMs: number,
  times = 1,
): Promise<void> {
  const text = (value: unknown): string => (typeof value === 'string' ? boundedText(value) : '');
  const refusal = {
    act: entry.act,
    code: text(entry.detail['code']),
    reason: text(entry.detail['reason']),
    actor: text(entry.actor),
    origin: text(entry.origin),
    subject: text(entry.subject),
  };
  const decision = await mergeRefusal(tx, refusal, { nowMs, times });
  for (const over of decision.over) await recordAudit(tx, over, nowMs);
  if (decision.what === 'write') await recordAudit(tx, entry, nowMs);
}

/** A row as it lies in the database. */
export interface StoredAuditRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly category: string;
  readonly act: string;
  readonly actor: string;
  readonly origin: string;
  readonly subject: string;
  readonly outcome: string;
  /** JSON. */
  readonly detail: string;
}

/**
 * The canonical text of a stored row (core/audit-row.ts), put together: its detail is stored in canonical JSON. A detail that
 * somebody wrote otherwise makes another text than what was written.
 */
export function textOfRow(row: StoredAuditRow): string {
  const { act, actor, at_ms: atMs, category, detail, origin, outcome, seq, subject } = row;
  const text = JSON.stringify;
  return `{"act":${text(act)},"actor":${text(actor)},"atMs":${atMs},"category":${text(category)},"detail":${detail},"origin":${text(origin)},"outcome":${text(outcome)},"seq":${seq},"subject":${text(subject)}}`;
}

/** What vouches for a row until the tree does; who has only the database cannot make it. */
export const macOfText = (key: Uint8Array, text: string): string =>
  createHmac('sha256', keyObjectOf(key)).update(text, 'utf8').digest('base64');

/** Made once: from bytes it costs ten times what the hash does. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();
function keyObjectOf(key: Uint8Array): KeyObject {
  let known = keyObjects.get(key);
  if (known === undefined) keyObjects.set(key, (known = createSecretKey(key)));
  return known;
}

/** PostgreSQL stores no NUL, broken UTF-16 would come back changed, and a row has a named limit. */
export const boundedText = (text: string): string =>
  text.replaceAll('\0', '').slice(0, AUDIT_TEXT_LENGTH_MAX).toWellFormed();
