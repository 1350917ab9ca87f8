import { AUDIT_EVENTS, type AuditAct } from '@sekisho/core/audit-events.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { nextValue } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';

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
  /** Before and after, code of a refusal; never secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export const AUDIT_COUNTER = 'audit';
/** Longer details are cut; the row itself is always written. */
export const AUDIT_DETAIL_LENGTH_MAX = 16 * 1024;
export const AUDIT_TEXT_LENGTH_MAX = 512;

/** The same act of one subject, by whoever can cause it without end, is written no more often within an hour. */
export const AUDIT_REPEATS_PER_HOUR_MAX = 60;

/** Appends to the audit log in the transaction of the act itself: an act without its row does not happen. */
export async function recordAudit(tx: Tx, entry: AuditEntry, nowMs: number): Promise<void> {
  await tx
    .insertInto('audit')
    .values({
      seq: await nextValue(tx, AUDIT_COUNTER),
      at_ms: nowMs,
      category: AUDIT_EVENTS[entry.act].category,
      act: entry.act,
      actor: bounded(entry.actor),
      origin: bounded(entry.origin),
      subject: bounded(entry.subject),
      outcome: entry.outcome,
      detail: encodeDetail(entry.detail),
    })
    .execute();
}

/**
 * The same for a refusal that a host can cause as often as it likes: once its hour is full, nothing is written until it is
 * over, so that one key does not fill the log of all. The program's own log has every one.
 */
export async function recordRepeatedRefusal(
  tx: Tx,
  entry: AuditEntry & { readonly outcome: 'refused' },
  nowMs: number,
): Promise<void> {
  const { rows } = await tx
    .selectFrom('audit')
    .select((select) => select.fn.countAll<number>().as('rows'))
    .where('subject', '=', bounded(entry.subject))
    .where('act', '=', entry.act)
    .where('at_ms', '>', nowMs - HOUR_MS)
    .executeTakeFirstOrThrow();
  if (Number(rows) < AUDIT_REPEATS_PER_HOUR_MAX) await recordAudit(tx, entry, nowMs);
}

/** PostgreSQL stores no NUL, and a row has a named limit. */
const bounded = (text: string): string => text.replaceAll('\0', '').slice(0, AUDIT_TEXT_LENGTH_MAX);

function encodeDetail(detail: AuditEntry['detail']): string {
  const text = JSON.stringify(detail);
  if (text.length <= AUDIT_DETAIL_LENGTH_MAX) return text;
  return JSON.stringify({ cut: true, start: text.slice(0, AUDIT_DETAIL_LENGTH_MAX / 2) });
}
