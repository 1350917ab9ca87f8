import type { Tx } from './tables.ts';

/** The next number of a counter, from 1. Its row stays locked until the transaction ends: numbers go in commit order. */
export async function nextValue(tx: Tx, name: string): Promise<number> {
  const row = await tx
    .insertInto('counters')
    .values({ name, value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({ value: row('counters.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}

/** The next serial: `max(last + 1, nowMs)`, so that it rises even when the clock went back. */
export async function nextSerial(tx: Tx, name: string, nowMs: number): Promise<number> {
  const row = await tx
    .insertInto('counters')
    .values({ name, value: nowMs })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({
        value: row
          .case()
          .when('counters.value', '>=', nowMs)
          .then(row('counters.value', '+', 1))
          .else(row.cast<number>(row.val(nowMs), 'bigint'))
          .end(),
      })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}
