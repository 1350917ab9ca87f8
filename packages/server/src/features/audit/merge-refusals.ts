import { AUDIT_EVENTS, auditEventOf, type AuditAct } from '@sekisho/core/audit-events.ts';
import {
  atBreadth,
  decideMerge,
  MERGE_BREADTHS,
  type MergeBreadth,
  type OpenMerge,
  type Repeatable,
} from '@sekisho/core/rules/merging.ts';
import { hash } from 'node:crypto';
import type { Tx } from '../../store/tables.ts';
import type { AuditEntry } from './record-audit.ts';

/** Windows that are closed in one transaction. */
export const MERGES_CLOSED_AT_ONCE_MAX = 100;

const COLUMNS = [
  'merge_key',
  'breadth',
  'act',
  'actor',
  'origin',
  'subject',
  'code',
  'reason',
  'count',
  'first_at_ms',
  'last_at_ms',
  'closes_at_ms',
] as const;

interface MergeRow {
  readonly merge_key: string;
  readonly act: string;
  readonly actor: string;
  readonly origin: string;
  readonly subject: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  readonly first_at_ms: number;
  readonly last_at_ms: number;
  readonly closes_at_ms: number;
}

/**
 * Counts a refusal in a window that is open, or opens one (core/rules/merging.ts). `over`: the rows of windows that were
 * over and made room; they are gone from here, and the caller writes them in the same transaction.
 */
export async function mergeRefusal(
  tx: Tx,
  refusal: Repeatable,
  now: { nowMs: number; times: number },
): Promise<{ what: 'count' | 'write'; over: AuditEntry[] }> {
  const { nowMs, times } = now;
  const keys = new Map(MERGE_BREADTHS.map((breadth) => [keyOf(refusal, breadth), breadth] as const));
  const rows = await tx
    .selectFrom('audit_merges')
    .select(COLUMNS)
    .where('merge_key', 'in', [...keys.keys()])
    .execute();
  const found = new Map<MergeBreadth, MergeRow>();
  for (const row of rows) {
    const breadth = keys.get(row.merge_key);
    if (breadth !== undefined) found.set(breadth, row);
  }
  const open: Partial<Record<MergeBreadth, OpenMerge>> = {};
  for (const [breadth, row] of found)
    open[breadth] = { count: row.count, firstAtMs: row.first_at_ms, closesAtMs: row.closes_at_ms };
  const counts = rows.length === MERGE_BREADTHS.length ? FULL : await countOpen(tx);
  const decision = decideMerge(open, counts, nowMs);
  const { breadth } = decision;
  const before = found.get(breadth);
  if (decision.what === 'count') {
    await tx
      .updateTable('audit_merges')
      .set((row) => ({ count: row('count', '+', times), last_at_ms: nowMs }))
      .where('merge_key', '=', keyOf(refusal, breadth))
      .execute();
    return { what: 'count', over: [] };
  }
  if (before !== undefined) await removeMerge(tx, before);
  await tx
    .insertInto('audit_merges')
    .values({
      merge_key: keyOf(refusal, breadth),
      breadth,
      ...atBreadth(refusal, breadth),
      count: times,
      first_at_ms: nowMs,
      last_at_ms: nowMs,
      closes_at_ms: decision.closesAtMs,
    })
    .execute();
  return { what: 'write', over: before === undefined ? [] : entryOf(before) };
}

/** Takes windows that are over out of the table (or all, at the stop): what they counted, to be written with this transaction. */
export async function takeOverMerges(
  tx: Tx,
  nowMs: number,
  which: 'over' | 'all',
): Promise<{ entries: AuditEntry[]; more: boolean }> {
  let query = tx
    .selectFrom('audit_merges')
    .select(COLUMNS)
    .orderBy('closes_at_ms')
    .orderBy('merge_key')
    .limit(MERGES_CLOSED_AT_ONCE_MAX);
  if (which === 'over') query = query.where('closes_at_ms', '<=', nowMs);
  const rows = await query.execute();
  for (const row of rows) await removeMerge(tx, row);
  return { entries: rows.flatMap(entryOf), more: rows.length === MERGES_CLOSED_AT_ONCE_MAX };
}

const FULL = { exact: Number.MAX_SAFE_INTEGER, network: Number.MAX_SAFE_INTEGER };

async function countOpen(tx: Tx): Promise<{ exact: number; network: number }> {
  const rows = await tx
    .selectFrom('audit_merges')
    .select(['breadth', (select) => select.fn.countAll<number>().as('rows')])
    .groupBy('breadth')
    .execute();
  const of = (breadth: MergeBreadth): number =>
    Number(rows.find((row) => row.breadth === breadth)?.rows ?? 0);
  return { exact: of('exact'), network: of('network') };
}

const removeMerge = async (tx: Tx, row: MergeRow): Promise<void> => {
  await tx.deleteFrom('audit_merges').where('merge_key', '=', row.merge_key).execute();
};

/** The row of a window. The first refusal has its own row already: a window that counted no other has nothing to say. */
function entryOf(row: MergeRow): AuditEntry[] {
  if (row.count <= 1 || auditEventOf(row.act) === undefined) return [];
  return [
    {
      act: knownAct(row.act),
      actor: row.actor,
      origin: row.origin,
      subject: row.subject,
      outcome: 'refused',
      detail: {
        ...(row.code === '' ? {} : { code: row.code }),
        ...(row.reason === '' ? {} : { reason: row.reason }),
        count: row.count,
        firstAtMs: row.first_at_ms,
        lastAtMs: row.last_at_ms,
      },
    },
  ];
}

const ACTS: ReadonlyMap<string, AuditAct> = new Map(
  (Object.keys(AUDIT_EVENTS) as AuditAct[]).map((act) => [act, act]),
);

function knownAct(act: string): AuditAct {
  const known = ACTS.get(act);
  if (known === undefined) throw new Error(`the act ${act} is not in the table`);
  return known;
}

/** One key for one window: the parts are told apart by their lengths in JSON. */
const keyOf = (refusal: Repeatable, breadth: MergeBreadth): string => {
  const { act, code, reason, actor, origin, subject } = atBreadth(refusal, breadth);
  return hash('sha256', JSON.stringify([breadth, act, code, reason, actor, origin, subject]), 'hex');
};
