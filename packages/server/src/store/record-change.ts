import { sql } from 'kysely';
import type { ChangeKind } from './change-kinds.ts';
import { collectRows } from './collect-rows.ts';
import { nextValues } from './counters.ts';
import { prepared } from './prepared.ts';
import type { Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

/** The counter that numbers changes. */
export const FEED_COUNTER = 'change-feed';
/** PostgreSQL's channel; it only wakes, the rows say what. */
export const FEED_CHANNEL = 'sekisho_change_feed';
/** Rows of one statement on PostgreSQL, where each statement is a round trip. */
const ROWS_PER_INSERT_MAX = 500;

/**
 * Says in the transaction that makes it that something changed. Rows are numbered and written just before the commit, from one locked
 * counter, so the order of the numbers is the order of the commits, whichever process wrote them.
 */
export function recordChange(tx: Tx, kind: ChangeKind, key: string): Promise<void> {
  const context = transactionContext(tx);
  collectChange(tx, { kind, key, at_ms: context.clock.nowMs() });
  context.changed = true;
  return Promise.resolve();
}

interface ChangeRow {
  readonly kind: ChangeKind;
  readonly key: string;
  readonly at_ms: number;
}

const collectChange = collectRows<ChangeRow>(async (tx, changes) => {
  const first = await nextValues(tx, FEED_COUNTER, changes.length);
  const rows = changes.map((change, n) => ({ seq: first + n, ...change }));
  if (transactionContext(tx).dialect === 'sqlite') {
    for (const row of rows) await insertChange.run(tx, row);
    return;
  }
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT_MAX)
    await tx
      .insertInto('change_feed')
      .values(rows.slice(from, from + ROWS_PER_INSERT_MAX))
      .execute();
  await sql`select pg_notify(${FEED_CHANNEL}, '')`.execute(tx);
});

const insertChange = prepared((db, row: { seq: number; kind: ChangeKind; key: string; at_ms: number }) =>
  db.insertInto('change_feed').values(row),
);
