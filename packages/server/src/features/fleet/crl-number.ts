import type { DbOrTx } from '../../store/tables.ts';

/** The number of the newest revocation list of an issuer; zero while there is none. */
export async function newestCrlNumber(db: DbOrTx, issuerKeyId: string): Promise<number> {
  const row = await db
    .selectFrom('crls')
    .select((select) => select.fn.max('number').as('number'))
    .where('issuer_key_id', '=', issuerKeyId)
    .executeTakeFirst();
  return Number(row?.number ?? 0);
}
