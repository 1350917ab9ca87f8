import { createPlan, deletePlan, getPlan, listPlans, replacePlan } from '@sekisho/core/wire/plans.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetIndex } from '../fleet/fleet-index.ts';
import { listGroups } from '../fleet/read-hosts.ts';
import { planViewOf } from './plan-view.ts';
import { getStoredPlan, listStoredPlans } from './read-plans.ts';
import * as save from './save-plan.ts';

/** P-10 Plans: create, list, read, replace, delete. */
export function planRoutes(
  app: FastifyInstance,
  { context, index }: { context: FleetContext; index: FleetIndex },
): void {
  const { db } = context.store;
  const acknowledged = (hostId: Parameters<FleetIndex['get']>[0]): number | undefined =>
    index.get(hostId)?.policySerial;
  mount(app, createPlan, async ({ body, principal }) =>
    planViewOf(db, await save.createPlan(context, principal, body), acknowledged),
  );
  mount(app, listPlans, async () => {
    const groups = await listGroups(db);
    const plans = [];
    for (const plan of await listStoredPlans(db))
      plans.push(await planViewOf(db, plan, acknowledged, groups));
    return { plans };
  });
  mount(app, getPlan, async ({ params }) => planViewOf(db, await getStoredPlan(db, params.id), acknowledged));
  mount(app, replacePlan, async ({ params, body, principal }) => {
    const { revision, ...spec } = body;
    const plan = await save.replacePlan(context, principal, params.id, { spec, revision });
    return planViewOf(db, plan, acknowledged);
  });
  mount(app, deletePlan, async ({ params, principal }) => {
    await save.deletePlan(context, principal, params.id);
    return { deleted: params.id };
  });
}
