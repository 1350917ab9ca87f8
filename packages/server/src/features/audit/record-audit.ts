import { nextValue } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';

/** What kind of act an audit row is about. */
export const AUDIT_CATEGORIES = [
  'CERT',
  'CONNECTION',
  'HOST',
  'LOGIN',
  'SEC_CONFIG',
  'TOKEN',
  'PLAN',
  'JOB',
  'POINT',
] as const;
export type AuditCategory = (typeof AUDIT_CATEGORIES)[number];

/** One security-relevant act: who, from where, what, to whom, and how it ended. */
export interface AuditEntry {
  readonly category: AuditCategory;
  /** The verb: `enrol`, `revoke`, `create-token`. */
  readonly act: string;
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

/** Appends to the audit log in the transaction of the act itself: an act without its row does not happen. */
export async function recordAudit(tx: Tx, entry: AuditEntry, nowMs: number): Promise<void> {
  await tx
    .insertInto('audit')
    .values({
      seq: await nextValue(tx, AUDIT_COUNTER),
      at_ms: nowMs,
      category: entry.category,
      act: entry.act,
      actor: bounded(entry.actor),
      origin: bounded(entry.origin),
      subject: bounded(entry.subject),
      outcome: entry.outcome,
      detail: encodeDetail(entry.detail),
    })
    .execute();
}

/** PostgreSQL stores no NUL, and a row has a named limit. */
const bounded = (text: string): string => text.replaceAll('\0', '').slice(0, AUDIT_TEXT_LENGTH_MAX);

function encodeDetail(detail: AuditEntry['detail']): string {
  const text = JSON.stringify(detail);
  if (text.length <= AUDIT_DETAIL_LENGTH_MAX) return text;
  return JSON.stringify({ cut: true, start: text.slice(0, AUDIT_DETAIL_LENGTH_MAX / 2) });
}
