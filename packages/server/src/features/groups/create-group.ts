import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId, type GroupId } from '@sekisho/core/ids.ts';
import { GROUP_DEPTH_MAX, GROUP_NAME_LENGTH_MAX, GROUPS_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { displayName } from '@sekisho/core/wire/scalars.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { auditGroup, requireGroup, tellChange } from './change-tree.ts';
import { readGroupTree, type GroupTree, type StoredGroup } from './group-tree.ts';
import { insertGroup, lockTree } from './group-rows.ts';

/**
 * F-01 Makes a group under another one; it inherits everything. Refusals: NOT_FOUND, GROUP_NAME_INVALID, GROUP_NAME_TAKEN, GROUPS_TOO_MANY,
 * GROUP_TOO_DEEP.
 */
export async function createGroup(
  context: FleetContext,
  principal: Principal,
  wish: { name: string; parentId: GroupId },
): Promise<GroupId> {
  const name = requireGroupName(wish.name);
  const id = parseGroupId(context.random.uuid())!;
  await context.store.transaction(async (tx) => {
    await lockTree(tx);
    const before = await readGroupTree(tx);
    const parent = requireGroup(before, principal, wish.parentId);
    if (before.size >= GROUPS_MAX) throw new AppError('GROUPS_TOO_MANY', { limit: GROUPS_MAX });
    requireDepth(before.path(parent.id).length);
    requireFreeName(before, parent.id, name);
    const nowMs = context.clock.nowMs();
    const group: StoredGroup = {
      id,
      parentId: parent.id,
      name,
      values: {},
      locked: [],
      ownSinceMs: null,
      revision: 1,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
    };
    await insertGroup(tx, group);
    await auditGroup(context, tx, principal, 'create-group', group, { parent: parent.name });
    const after = before.with(id, group);
    await tellChange(context, tx, after, after, new Set([id]));
  });
  return id;
}

/** @throws AppError GROUP_NAME_INVALID: a slash separates the names of a path */
export function requireGroupName(raw: string): string {
  const name = raw.trim();
  if (!displayName.safeParse(name).success || name.includes('/'))
    throw new AppError('GROUP_NAME_INVALID', { name: raw, limit: GROUP_NAME_LENGTH_MAX });
  return name;
}

/** @throws AppError GROUP_NAME_TAKEN when another group of that parent is called so */
export function requireFreeName(
  tree: GroupTree,
  parentId: GroupId | null,
  name: string,
  except?: GroupId,
): void {
  const siblings = parentId === null ? [] : tree.childrenOf(parentId);
  const key = keyOf(name);
  if (siblings.some((id) => id !== except && keyOf(tree.get(id)?.name ?? '') === key))
    throw new AppError('GROUP_NAME_TAKEN', { name });
}

/** How names are compared: people read `Tokyo` and `tokyo` as one. */
const keyOf = (name: string): string => name.normalize('NFKC').toLowerCase();

/** `above`: groups on the path, and below the new place. @throws AppError GROUP_TOO_DEEP */
export function requireDepth(above: number): void {
  if (above > GROUP_DEPTH_MAX) throw new AppError('GROUP_TOO_DEEP', { limit: GROUP_DEPTH_MAX });
}
