import { prepared } from './prepared.ts';
import type { Tx } from './tables.ts';

/** The next number of a counter, from 1. Its row stays locked until the transaction ends: numbers go in commit order. */
export const nextValue = (tx: Tx, name: string): Promise<number> => nextValues(tx, name, 1);

/** The first of the next `count` numbers of a counter, which are all the caller's. */
export async function nextValues(tx: Tx, name: string, count: number): Promise<number> {
  const row = await addToCounter.first(tx, { name, count });
  if (row === undefined) throw new Error('a counter gave no number');
  return row.value - count + 1;
}

const addToCounter = prepared((db, wish: { name: string; count: number }) =>
  db
    .insertInto('counters')
    .values({ name: wish.name, value: wish.count })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((row) => ({ value: row('counters.value', '+', row.ref('excluded.value')) })),
    )
    .returning('value'),
);

/** The next serial: `max(last + 1, nowMs)`, so that it rises even when the clock went back. */
export async function nextSerial(tx: Tx, name: string, nowMs: number): Promise<number> {
  const row = await raiseSerial.first(tx, { name, nowMs });
  if (row === undefined) throw new Error('a counter gave no serial');
  return row.value;
}

const raiseSerial = prepared((db, wish: { name: string; nowMs: number }) =>
  db
    .insertInto('counters')
    .values({ name: wish.name, value: wish.nowMs })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({
        value: row
          .case()
          .when('counters.value', '>=', row.ref('excluded.value'))
          .then(row('counters.value', '+', 1))
          .else(row.ref('excluded.value'))
          .end(),
      })),
    )
    .returning('value'),
);

/** The last serial that was given; zero: none was. */
export const lastSerial = async (tx: Tx, name: string): Promise<number> =>
  (await selectCounter.first(tx, { name }))?.value ?? 0;

const selectCounter = prepared((db, wish: { name: string }) =>
  db.selectFrom('counters').select('value').where('name', '=', wish.name),
);
