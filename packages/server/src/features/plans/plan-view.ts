import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import type { PlanView } from '@sekisho/core/wire/plans.ts';
import type { DbOrTx } from '../../store/tables.ts';
import type { GroupTree } from '../groups/group-tree.ts';
import { firstSerials } from './plans.store.ts';
import { groupsCovered, type StoredPlan } from './read-plans.ts';

/** A host and the policy that it acknowledged last. */
interface KnownHost {
  readonly groupId: GroupId;
  readonly policySerial: number;
}

/** All hosts in memory: the fleet index. */
export interface KnownHosts {
  get(id: HostId): KnownHost | undefined;
  hosts(): Iterable<KnownHost>;
}

/** P-10 A plan as administrators see it, with how many of its hosts have it. */
export async function planViewOf(
  db: DbOrTx,
  plan: StoredPlan,
  known: KnownHosts,
  tree: GroupTree,
): Promise<PlanView> {
  const serials = await firstSerials(db, plan.id, plan.revision);
  let hosts = 0;
  let acknowledged = 0;
  for (const { groupId, policySerial } of covered(plan, known, tree)) {
    hosts += 1;
    const needed = serials.get(groupId);
    if (needed !== undefined && policySerial >= needed) acknowledged += 1;
  }
  return {
    ...plan.spec,
    id: plan.id,
    revision: plan.revision,
    createdAtMs: plan.createdAtMs,
    changedAtMs: plan.changedAtMs,
    deployed: { hosts, acknowledged },
  };
}

function* covered({ spec }: StoredPlan, known: KnownHosts, tree: GroupTree): Generator<KnownHost> {
  const whole = new Set(groupsCovered(spec, tree));
  if (whole.size > 0) for (const host of known.hosts()) if (whole.has(host.groupId)) yield host;
  for (const id of new Set(spec.targets.hosts)) {
    const host = known.get(id);
    if (host !== undefined && !whole.has(host.groupId)) yield host;
  }
}
