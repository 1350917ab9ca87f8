import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { refreshPolicies } from '../fleet/refresh-policies.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { ensureRepositories } from '../repositories/ensure-repositories.ts';
import { updatePlan } from './plans.store.ts';
import { coveredHosts, type StoredPlan } from './read-plans.ts';

/**
 * T-34 The hosts of a plan's application changed: its next revision goes to those that it covers now, and a new expectation begins.
 * `plan` was read after the change.
 */
export async function redeployPlan(context: FleetContext, tx: Tx, plan: StoredPlan): Promise<void> {
  const nowMs = context.clock.nowMs();
  const { id, spec } = plan;
  await updatePlan(tx, id, {
    spec,
    revision: plan.revision + 1,
    enabledSinceMs: nowMs,
    changedAtMs: nowMs,
  });
  await recordChange(tx, 'plan', id);
  const hosts = await coveredHosts(tx, spec, await readGroupTree(tx));
  await ensureRepositories(context, tx, hosts, spec.mediaServers);
  await refreshPolicies(context, tx);
}
