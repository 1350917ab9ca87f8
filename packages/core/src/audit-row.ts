import { canonicalJson } from './canonical-json.ts';

/** What a row of the audit log says; the hash tree is over this. */
export interface AuditContent {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly category: string;
  readonly act: string;
  readonly actor: string;
  readonly origin: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The bytes (as text, to be encoded in UTF-8) of a row's leaf: canonical JSON of exactly these members. */
export const canonicalAuditRow = (row: AuditContent): string =>
  canonicalJson({
    act: row.act,
    actor: row.actor,
    atMs: row.atMs,
    category: row.category,
    detail: row.detail,
    origin: row.origin,
    outcome: row.outcome,
    seq: row.seq,
    subject: row.subject,
  });

/** The leaf of a row that was gone before the tree took it in: the tree goes on, and the place stays marked. */
export const missingAuditRow = (seq: number): string => canonicalJson({ missing: true, seq });
