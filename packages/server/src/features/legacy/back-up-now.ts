import { AppError } from '@sekisho/core/errors.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import type { ServerContext } from '../../context.ts';
import { fleetContextOf } from '../fleet/fleet-service.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { openBackupsOf } from '../jobs/read-jobs.ts';
import { runPlan } from '../jobs/run-plan.ts';
import { coversHost, listStoredPlans } from '../plans/read-plans.ts';
import type { LegacyHostRow } from './legacy-rows.ts';

/**
 * A legacy host asks for a backup of its own, now: by the plan of that name, or by the first that covers it. One that is open already is
 * given again, so asking often makes nothing. Refusals: NOT_FOUND, and those of `runPlan`.
 */
export async function backUpNow(
  context: ServerContext,
  host: LegacyHostRow,
  planName: string | undefined,
  origin: string,
): Promise<JobId> {
  const { db } = context.store;
  const [open] = await openBackupsOf(db, host.hostId, 1);
  if (open !== undefined) return open.id;
  const known = await findHost(db, host.hostId);
  const tree = await readGroupTree(db);
  const plan = (await listStoredPlans(db)).find(
    ({ spec }) =>
      known !== undefined &&
      coversHost(spec, tree, known) &&
      (planName === undefined || spec.name === planName),
  );
  if (plan === undefined) throw new AppError('NOT_FOUND', { what: 'plan', id: planName ?? host.name });
  const [id] = await runPlan(
    fleetContextOf(context, context.config.fleet),
    { name: host.name, origin },
    { planId: plan.id, hosts: [host.hostId], scheduleName: null },
  );
  if (id === undefined) throw new AppError('NOT_FOUND', { what: 'plan', id: plan.id });
  return id;
}
