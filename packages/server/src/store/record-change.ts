import { sql } from 'kysely';
import type { ChangeKind } from './change-kinds.ts';
import { collectRows } from './collect-rows.ts';
import { nextValues } from './counters.ts';
import { rowInserter } from './insert-rows.ts';
import type { Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

/** The counter that numbers changes. */
export const FEED_COUNTER = 'change-feed';
/** PostgreSQL's channel; it only wakes, the rows say what. */
export const FEED_CHANNEL = 'sekisho_change_feed';

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
  await insertChanges(
    tx,
    changes.map((change, n) => ({ seq: first + n, ...change })),
  );
  if (transactionContext(tx).dialect === 'postgres')
    await sql`select pg_notify(${FEED_CHANNEL}, '')`.execute(tx);
});

type StoredChange = Readonly<Record<'kind' | 'key', string> & Record<'seq' | 'at_ms', number>>;
const insertChanges = rowInserter((db, rows: readonly StoredChange[]) =>
  db.insertInto('change_feed').values(rows),
);
