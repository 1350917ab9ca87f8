import type { Tally } from '@sekisho/core/rules/sign-in.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** Tallies that are kept; the oldest go when more come. */
export const FAILURE_ROWS_MAX = 20_000;
/**
 * Subjects that begin so are one for each account, and never make room: whoever floods the table with tries from many
 * addresses must not get new guesses at a code by it.
 */
export const CODES_PREFIX = 'c:';

/** The tallies of these subjects, as far as there are any. */
export async function readTallies(db: DbOrTx, subjects: readonly string[]): Promise<Map<string, Tally>> {
  const rows = await db
    .selectFrom('sign_in_failures')
    .select(['subject', 'failures', 'first_at_ms', 'last_at_ms'])
    .where('subject', 'in', subjects)
    .execute();
  return new Map(
    rows.map((row) => [
      row.subject,
      { failures: row.failures, firstAtMs: row.first_at_ms, lastAtMs: row.last_at_ms },
    ]),
  );
}

export async function writeTally(tx: Tx, subject: string, tally: Tally): Promise<void> {
  const values = {
    failures: tally.failures,
    first_at_ms: tally.firstAtMs,
    last_at_ms: tally.lastAtMs,
  };
  await tx
    .insertInto('sign_in_failures')
    .values({ subject, ...values })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(values))
    .execute();
}

export async function deleteTallies(tx: Tx, subjects: readonly string[]): Promise<void> {
  if (subjects.length > 0) await tx.deleteFrom('sign_in_failures').where('subject', 'in', subjects).execute();
}

/** Removes what is older than this, and of the rest the oldest above the limit; returns how many are left. */
export async function pruneTallies(tx: Tx, beforeMs: number): Promise<number> {
  await tx.deleteFrom('sign_in_failures').where('last_at_ms', '<', beforeMs).execute();
  const { rows } = await tx
    .selectFrom('sign_in_failures')
    .select((select) => select.fn.countAll<number>().as('rows'))
    .where('subject', 'not like', `${CODES_PREFIX}%`)
    .executeTakeFirstOrThrow();
  const over = Number(rows) - FAILURE_ROWS_MAX;
  if (over <= 0) return Number(rows);
  await tx
    .deleteFrom('sign_in_failures')
    .where('subject', 'in', (select) =>
      select
        .selectFrom('sign_in_failures')
        .select('subject')
        .where('subject', 'not like', `${CODES_PREFIX}%`)
        .orderBy('last_at_ms')
        .limit(over),
    )
    .execute();
  return FAILURE_ROWS_MAX;
}
