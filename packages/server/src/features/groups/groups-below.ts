import type { GroupId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listGroups } from '../fleet/read-hosts.ts';

/** A group with all groups under it; of a group that is not there: nothing. */
export type GroupsBelow = (groupId: GroupId) => ReadonlySet<GroupId>;

/** Reads the tree of groups: what `rightsOf` asks for. */
export async function readGroupsBelow(db: DbOrTx): Promise<GroupsBelow> {
  const children = new Map<GroupId | null, GroupId[]>();
  const known = new Set<GroupId>();
  for (const { id, parentId } of await listGroups(db)) {
    known.add(id);
    children.set(parentId, [...(children.get(parentId) ?? []), id]);
  }
  return (groupId) => {
    const below = new Set<GroupId>();
    const open = known.has(groupId) ? [groupId] : [];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (below.has(next)) continue; // a circle would be damage, and must not hang the server
      below.add(next);
      open.push(...(children.get(next) ?? []));
    }
    return below;
  };
}
