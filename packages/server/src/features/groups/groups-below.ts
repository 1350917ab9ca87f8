import type { GroupId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { readGroupTree } from './group-tree.ts';

/** A group with all groups under it; of a group that is not there: nothing. */
export type GroupsBelow = (groupId: GroupId) => ReadonlySet<GroupId>;

/** Reads the tree of groups: what `rightsOf` asks for. */
export async function readGroupsBelow(db: DbOrTx): Promise<GroupsBelow> {
  const tree = await readGroupTree(db);
  return (groupId) => tree.below(groupId);
}
