import type { Compilable } from 'kysely';
import { prepared, type PreparedParams } from './prepared.ts';
import type { DbOrTx, Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

/** Rows of one statement on PostgreSQL, where each statement is a round trip. */
const ROWS_PER_INSERT_MAX = 500;

/** Inserts many rows of one table: one prepared statement for each on SQLite, a few long statements on PostgreSQL. */
export function rowInserter<Row extends PreparedParams>(
  insert: (db: DbOrTx, rows: readonly Row[]) => Compilable<unknown>,
): (tx: Tx, rows: readonly Row[]) => Promise<void> {
  const one = prepared((db, row: Row) => insert(db, [row]));
  return async (tx, rows) => {
    if (transactionContext(tx).dialect === 'sqlite') {
      for (const row of rows) await one.run(tx, row);
      return;
    }
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT_MAX)
      await tx.executeQuery(insert(tx, rows.slice(from, from + ROWS_PER_INSERT_MAX)).compile());
  };
}
