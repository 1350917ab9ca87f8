import type { DbOrTx } from '../../store/tables.ts';

/** The number of the newest revocation list, of whichever issuer and shard: they share one counter. Zero while there is none. */
export async function newestCrlNumber(db: DbOrTx): Promise<number> {
  const row = await db
    .selectFrom('crls')
    .select((select) => select.fn.max('number').as('number'))
    .executeTakeFirst();
  return Number(row?.number ?? 0);
}
