import { CompiledQuery } from 'kysely';
import type { Tx } from './tables.ts';
import { transactionContext } from './transaction-context.ts';

/** A part of a transaction that can be taken back by itself. */
export interface Savepoint {
  release(): Promise<void>;
  rollBack(): Promise<void>;
}

/** Opens a savepoint; one at a time in a transaction. */
export async function openSavepoint(tx: Tx): Promise<Savepoint> {
  await execute(tx, 'SAVEPOINT part');
  return {
    release: () => execute(tx, 'RELEASE SAVEPOINT part'),
    rollBack: async () => {
      await execute(tx, 'ROLLBACK TO SAVEPOINT part');
      await execute(tx, 'RELEASE SAVEPOINT part');
    },
  };
}

async function execute(tx: Tx, sql: string): Promise<void> {
  const { direct } = transactionContext(tx);
  if (direct === undefined) await tx.executeQuery(CompiledQuery.raw(sql));
  else await direct.run(sql, []);
}
