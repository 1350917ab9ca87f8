import { sql } from 'kysely';
import type { ChangeKind } from './change-kinds.ts';
import { nextValue } from './counters.ts';
import type { Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

/** The counter that numbers changes. */
export const FEED_COUNTER = 'change-feed';
/** PostgreSQL's channel; it only wakes, the rows say what. */
export const FEED_CHANNEL = 'sekisho_change_feed';

/**
 * Says in the transaction that makes it that something changed. The number comes from one locked row, so the order of the
 * numbers is the order of the commits, whichever process wrote them.
 */
export async function recordChange(tx: Tx, kind: ChangeKind, key: string): Promise<void> {
  const context = transactionContext(tx);
  const seq = await nextValue(tx, FEED_COUNTER);
  await tx.insertInto('change_feed').values({ seq, kind, key, at_ms: context.clock.nowMs() }).execute();
  if (!context.changed && context.dialect === 'postgres') {
    await sql`select pg_notify(${FEED_CHANNEL}, '')`.execute(tx);
  }
  context.changed = true;
}
