import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { reaches, reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { moveHost as moveHostRoute } from '@sekisho/core/wire/groups.ts';
import type { z } from 'zod';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { refreshAssignments } from '../fleet/refresh-assignments.ts';
import { refreshPolicies } from '../fleet/refresh-policies.ts';
import { requireGroup, requireNoGain } from './change-tree.ts';
import { effectOfMove } from './group-effect.ts';
import { readGroupTree } from './group-tree.ts';
import { lockTree, updateGroupOfHost } from './group-rows.ts';

/**
 * F-01 Puts a host into another group, and says what that does to it: it gets that group's policy and list, signed anew where its own are
 * newer. The right must reach both groups, and no other right may be gained by it. Refusals: NOT_FOUND, HOST_IS_MANAGEMENT_SERVER,
 * RIGHT_MISSING.
 */
export async function moveHost(
  context: FleetContext,
  principal: Principal,
  wish: { id: HostId; groupId: GroupId; dryRun: boolean },
): Promise<z.input<typeof moveHostRoute.reply>> {
  return context.store.transaction(async (tx) => {
    if (!wish.dryRun) await lockTree(tx);
    const tree = await readGroupTree(tx);
    const host = await findHost(tx, wish.id);
    if (host === undefined || !reaches(reachOf(principal, 'group.write'), host.groupId))
      throw new AppError('NOT_FOUND', { what: 'host', id: wish.id });
    if (host.isServer) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
    const to = requireGroup(tree, principal, wish.groupId);
    await requireNoGain(tx, principal, host.groupId, to.id);
    const from = tree.get(host.groupId);
    const effect = await effectOfMove(
      tx,
      principal,
      { tree, name: host.name, from: host.groupId, to: to.id },
      context.settings,
    );
    const reply = {
      hostId: host.id,
      from: { id: host.groupId, name: from?.name ?? '' },
      to: { id: to.id, name: to.name },
      effect,
    };
    if (wish.dryRun || to.id === host.groupId) return reply;
    await updateGroupOfHost(tx, host.id, to.id);
    await recordChange(tx, 'host', host.id);
    // plans may name the host itself: both policies say so
    await refreshPolicies(context, tx, new Set([host.groupId, to.id]));
    await refreshAssignments(context, tx, [host.id]);
    await recordAudit(
      tx,
      {
        act: 'move-host',
        actor: principal.name,
        origin: principal.origin,
        subject: host.id,
        outcome: 'done',
        detail: { name: host.name, before: from?.name, after: to.name },
      },
      context.clock.nowMs(),
    );
    return reply;
  });
}
