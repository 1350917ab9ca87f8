import type { PlanId } from '@sekisho/core/ids.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** Plans that exist. */
export async function countPlans(db: DbOrTx): Promise<number> {
  const row = await db
    .selectFrom('plans')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** A new plan, at revision 1. */
export async function insertPlan(tx: Tx, id: PlanId, spec: PlanSpec, nowMs: number): Promise<void> {
  await tx
    .insertInto('plans')
    .values({
      id,
      name: spec.name,
      virtual_name: spec.application?.virtualName ?? null,
      spec: JSON.stringify(spec),
      revision: 1,
      enabled_since_ms: nowMs,
      created_at_ms: nowMs,
      changed_at_ms: nowMs,
      deleted_at_ms: null,
    })
    .execute();
}

/** The next revision of a plan. */
export async function updatePlan(
  tx: Tx,
  id: PlanId,
  change: { spec: PlanSpec; revision: number; enabledSinceMs: number; changedAtMs: number },
): Promise<void> {
  await tx
    .updateTable('plans')
    .set({
      name: change.spec.name,
      virtual_name: change.spec.application?.virtualName ?? null,
      spec: JSON.stringify(change.spec),
      revision: change.revision,
      enabled_since_ms: change.enabledSinceMs,
      changed_at_ms: change.changedAtMs,
    })
    .where('id', '=', id)
    .execute();
}

/** The row stays, so that jobs and recovery points keep their plan's name. */
export async function markPlanDeleted(tx: Tx, id: PlanId, nowMs: number): Promise<void> {
  await tx
    .updateTable('plans')
    .set({ deleted_at_ms: nowMs, changed_at_ms: nowMs })
    .where('id', '=', id)
    .execute();
}

/** For each group, the first policy serial that carries this revision of the plan. */
export async function firstSerials(
  db: DbOrTx,
  planId: PlanId,
  revision: number,
): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('policy_plans')
    .select((select) => ['group_id', select.fn.min('serial').as('serial')])
    .where('plan_id', '=', planId)
    .where('revision', '=', revision)
    .groupBy('group_id')
    .execute();
  return new Map(rows.map((row) => [row.group_id, Number(row.serial)]));
}
