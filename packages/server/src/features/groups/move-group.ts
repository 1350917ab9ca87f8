import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ChangeEffect } from '@sekisho/core/wire/groups.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import {
  auditGroup,
  requireGroup,
  requireNoGain,
  requireParent,
  requireUnchangedGroup,
  storeGroup,
} from './change-tree.ts';
import { requireDepth, requireFreeName } from './create-group.ts';
import { effectOfTrees } from './group-effect.ts';
import { readGroupTree, type GroupTree } from './group-tree.ts';
import { lockTree } from './group-rows.ts';

/**
 * F-01 Puts a group with all below it under another one, and says what that does to its hosts. The right must reach the group, the one above
 * it now and the one above it then, and no other right may be gained by it. Refusals: RIGHT_MISSING, NOT_FOUND, PRECONDITION_FAILED, GROUP_IS_ROOT, GROUP_BELONGS_ABOVE, GROUP_IN_ITSELF,
 * GROUP_TOO_DEEP, GROUP_NAME_TAKEN.
 */
export async function moveGroup(
  context: FleetContext,
  principal: Principal,
  wish: { id: GroupId; parentId: GroupId; dryRun: boolean; precondition?: Precondition | undefined },
): Promise<ChangeEffect> {
  return context.store.transaction(async (tx) => {
    if (!wish.dryRun) await lockTree(tx);
    const before = await readGroupTree(tx);
    const group = requireGroup(before, principal, wish.id);
    await requireUnchangedGroup(tx, group, wish.precondition);
    const from = requireParent(group, principal);
    const to = requireGroup(before, principal, wish.parentId);
    await requireNoGain(tx, principal, group.id, to.id);
    const below = before.below(group.id);
    if (below.has(to.id)) throw new AppError('GROUP_IN_ITSELF', { name: group.name });
    requireDepth(before.path(to.id).length + heightOf(before, group.id));
    requireFreeName(before, to.id, group.name, group.id);
    const moved = { ...group, parentId: to.id };
    const trees = { before, after: before.with(group.id, moved), groups: below };
    const effect = await effectOfTrees(tx, principal, trees, context.settings);
    if (wish.dryRun) return effect;
    const stored = await storeGroup(context, tx, before, moved);
    await auditGroup(context, tx, principal, 'move-group', stored, {
      before: before.get(from)?.name,
      after: to.name,
      hosts: effect.hosts,
    });
    return effect;
  });
}

/** How many levels lie under a group. */
const heightOf = (tree: GroupTree, id: GroupId): number =>
  tree.childrenOf(id).reduce((height, child) => Math.max(height, 1 + heightOf(tree, child)), 0);
