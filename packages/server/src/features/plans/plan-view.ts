import type { HostId } from '@sekisho/core/ids.ts';
import type { PlanView } from '@sekisho/core/wire/plans.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listGroups, type FleetGroup } from '../fleet/read-hosts.ts';
import { firstSerials } from './plans.store.ts';
import { coveredHosts, type StoredPlan } from './read-plans.ts';

/** Which policy a host has acknowledged: from the fleet index, undefined before its first heartbeat. */
export type AcknowledgedPolicy = (hostId: HostId) => number | undefined;

/** P-10 A plan as administrators see it, with how many of its hosts have it. */
export async function planViewOf(
  db: DbOrTx,
  plan: StoredPlan,
  acknowledged: AcknowledgedPolicy,
  groups?: readonly FleetGroup[],
): Promise<PlanView> {
  const hosts = await coveredHosts(db, plan.spec, groups ?? (await listGroups(db)));
  const serials = await firstSerials(db, plan.id, plan.revision);
  const have = hosts.filter((host) => {
    const needed = serials.get(host.groupId);
    return needed !== undefined && (acknowledged(host.id) ?? -1) >= needed;
  });
  return {
    ...plan.spec,
    id: plan.id,
    revision: plan.revision,
    createdAtMs: plan.createdAtMs,
    changedAtMs: plan.changedAtMs,
    deployed: { hosts: hosts.length, acknowledged: have.length },
  };
}
