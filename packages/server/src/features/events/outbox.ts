import { DAY_MS } from '@sekisho/core/time.ts';
import { nextValue } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';

/** What happened, for those who are told later; written in the event's own transaction, so nothing is lost. */
export interface OutboxEntry {
  readonly kind: string;
  /** The ID of what it is about. */
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Entries are kept so long, and no more than so many: what nobody was told by then, nobody is told. */
export const OUTBOX_KEPT_MS = 90 * DAY_MS;
export const OUTBOX_ENTRIES_MAX = 1_000_000;
const ENTRIES_PER_TRANSACTION = 1_000;

/** Puts one entry into the outbox. */
export async function writeOutbox(tx: Tx, entry: OutboxEntry, nowMs: number): Promise<void> {
  await tx
    .insertInto('outbox')
    .values({
      num: await nextValue(tx, 'outbox'),
      kind: entry.kind,
      subject: entry.subject,
      body: JSON.stringify(entry.body),
      created_at_ms: nowMs,
    })
    .execute();
}

/** How many entries about this subject were written since then. */
export async function countOutbox(tx: Tx, subject: string, sinceMs: number): Promise<number> {
  const { entries } = await tx
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('entries'))
    .where('subject', '=', subject)
    .where('created_at_ms', '>', sinceMs)
    .executeTakeFirstOrThrow();
  return Number(entries);
}

/** Removes the oldest entries beyond age and number, some at a time; returns how many went: zero when there are no more. */
export async function pruneOutbox(tx: Tx, nowMs: number, entriesMax = OUTBOX_ENTRIES_MAX): Promise<number> {
  const oldest = await tx
    .selectFrom('outbox')
    .select(['num', 'created_at_ms'])
    .orderBy('num')
    .limit(ENTRIES_PER_TRANSACTION)
    .execute();
  const newest = await tx
    .selectFrom('outbox')
    .select('num')
    .orderBy('num', 'desc')
    .limit(1)
    .executeTakeFirst();
  const upToNum = (newest?.num ?? 0) - entriesMax;
  const last = oldest.findLast((row) => row.num <= upToNum || row.created_at_ms < nowMs - OUTBOX_KEPT_MS);
  if (last === undefined) return 0;
  const { numDeletedRows } = await tx
    .deleteFrom('outbox')
    .where('num', '<=', last.num)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
