import type { GroupId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { auditGroup, requireGroup, requireUnchangedGroup, storeGroup } from './change-tree.ts';
import { requireFreeName, requireGroupName } from './create-group.ts';
import { readGroupTree } from './group-tree.ts';
import { lockTree } from './group-rows.ts';

/**
 * F-01 Gives a group another name. Policies say where values come from, so those of the groups that have some from it are signed anew.
 * Refusals: NOT_FOUND, PRECONDITION_FAILED, GROUP_NAME_INVALID, GROUP_NAME_TAKEN.
 */
export async function renameGroup(
  context: FleetContext,
  principal: Principal,
  wish: { id: GroupId; name: string; precondition?: Precondition | undefined },
): Promise<void> {
  const name = requireGroupName(wish.name);
  await context.store.transaction(async (tx) => {
    await lockTree(tx);
    const tree = await readGroupTree(tx);
    const group = requireGroup(tree, principal, wish.id);
    await requireUnchangedGroup(tx, group, wish.precondition);
    requireFreeName(tree, group.parentId, name, group.id);
    const stored = await storeGroup(context, tx, tree, { ...group, name });
    await auditGroup(context, tx, principal, 'rename-group', stored, { before: group.name, after: name });
  });
}
