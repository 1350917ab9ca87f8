import type { Fence } from '../../loops/loop.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { storeGroup } from '../groups/change-tree.ts';
import { readGroupTree, type StoredGroup } from '../groups/group-tree.ts';
import { lockTree } from '../groups/group-rows.ts';

/**
 * F-20 Takes back what has come to its end: the group is as it would be without, and its policy says so. Agents have ended it by
 * themselves at the same moment. Returns how many groups there were.
 */
export async function endVerificationOff(context: FleetContext, fence: Fence): Promise<number> {
  const { store, clock } = context;
  const nowMs = clock.nowMs();
  const isOver = ({ values: { verification } }: StoredGroup): boolean =>
    verification?.state === 'off' && verification.untilMs <= nowMs;
  if (![...(await readGroupTree(store.db)).groups()].some(isOver)) return 0;
  return store.transaction(async (tx) => {
    await fence(tx);
    await lockTree(tx);
    let tree = await readGroupTree(tx);
    let count = 0;
    for (const group of [...tree.groups()]) {
      if (!isOver(group)) continue;
      const { verification, ...values } = group.values;
      const stored = await storeGroup(context, tx, tree, { ...group, values });
      tree = tree.with(stored.id, stored);
      await recordAudit(
        tx,
        {
          act: 'switch-verification-on',
          actor: 'system',
          origin: 'server',
          subject: group.id,
          outcome: 'done',
          detail: { name: group.name, before: { verification }, after: {} },
        },
        nowMs,
      );
      count += 1;
    }
    return count;
  });
}
