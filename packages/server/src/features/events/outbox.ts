import { nextValue } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';

/** What happened, for those who are told later; written in the event's own transaction, so nothing is lost. */
export interface OutboxEntry {
  readonly kind: string;
  /** The ID of what it is about. */
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
}

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
