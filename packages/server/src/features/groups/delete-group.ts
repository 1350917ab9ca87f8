import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { PLANS_PER_EFFECT_MAX } from '@sekisho/core/limits.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import { dropDocuments } from '../documents/drop-documents.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { plansWithin } from '../plans/plan-reach.ts';
import { listStoredPlans } from '../plans/read-plans.ts';
import { auditGroup, requireGroup, requireParent, requireUnchangedGroup } from './change-tree.ts';
import { readGroupTree } from './group-tree.ts';
import { countHosts, countRights, deleteGroupRow, lockTree } from './group-rows.ts';

/**
 * F-01 Deletes a group that nothing is in and nothing names. Refusals: NOT_FOUND, PRECONDITION_FAILED, GROUP_IS_ROOT, GROUP_BELONGS_ABOVE,
 * GROUP_NOT_EMPTY, GROUP_NAMED_BY_PLANS, GROUP_NAMED_BY_RIGHTS.
 */
export async function deleteGroup(
  context: FleetContext,
  principal: Principal,
  wish: { id: GroupId; precondition?: Precondition | undefined },
): Promise<void> {
  await context.store.transaction(async (tx) => {
    await lockTree(tx);
    const tree = await readGroupTree(tx);
    const group = requireGroup(tree, principal, wish.id);
    const { id, name } = group;
    await requireUnchangedGroup(tx, group, wish.precondition);
    requireParent(group, principal);
    const hosts = (await countHosts(tx)).get(id) ?? 0;
    const groups = tree.childrenOf(id).length;
    if (hosts + groups > 0) throw new AppError('GROUP_NOT_EMPTY', { name, hosts, groups });
    const plans = (await listStoredPlans(tx)).filter(({ spec }) => spec.targets.groups.includes(id));
    if (plans.length > 0) {
      const shown = await plansWithin(tx, plans, reachOf(principal, 'plan.read'));
      const names = shown.slice(0, PLANS_PER_EFFECT_MAX).map(({ spec }) => spec.name);
      const more = plans.length > names.length ? ['…'] : [];
      throw new AppError('GROUP_NAMED_BY_PLANS', { name, plans: [...names, ...more].join(', ') });
    }
    const count = await countRights(tx, id, context.clock.nowMs());
    if (count > 0) throw new AppError('GROUP_NAMED_BY_RIGHTS', { name, count });
    await dropDocuments(tx, 'policy', [id]);
    await deleteGroupRow(tx, id);
    await recordChange(tx, 'group', id);
    await auditGroup(context, tx, principal, 'delete-group', group, { parent: tree.path(id)[1]?.name });
  });
}
