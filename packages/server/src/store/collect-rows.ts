import type { Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

interface Collector {
  readonly write: (tx: Tx, rows: readonly unknown[]) => Promise<void>;
}

/**
 * Rows that every act writes (audit log, change feed) are kept until just before the commit and then written together, in the order in
 * which they came: one counter update for all of them, also for a whole batch of `submit`. A part of the batch that fails takes its own
 * back. Within the transaction they cannot be read before that.
 */
export function collectRows<Row>(
  write: (tx: Tx, rows: readonly Row[]) => Promise<void>,
): (tx: Tx, row: Row) => void {
  // `write` gets back only what was handed in below
  const collector: Collector = { write: (tx, rows) => write(tx, rows as readonly Row[]) };
  return (tx, row) => {
    const { collected } = transactionContext(tx);
    const rows = collected.get(collector);
    if (rows === undefined) collected.set(collector, [row]);
    else rows.push(row);
  };
}

/** Writes what was collected; the store calls it before each commit. What is collected while it writes is written, too. */
export async function writeCollected(tx: Tx): Promise<void> {
  const { collected } = transactionContext(tx);
  while (collected.size > 0) {
    const waiting = [...collected];
    collected.clear();
    for (const [collector, rows] of waiting)
      if (rows.length > 0) await (collector as Collector).write(tx, rows);
  }
}
