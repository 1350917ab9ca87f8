import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import {
  createPlan,
  deletePlan,
  getPlan,
  listPlans,
  replacePlan,
  type PlanView,
} from '@sekisho/core/wire/plans.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { pageOf } from '../../http/cursor.ts';
import { preconditionOf, revisionTag, sendTag } from '../../http/entity-tag.ts';
import { mount } from '../../http/mount.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { isPlanWithin, plansWithin } from './plan-reach.ts';
import { planViewOf, type KnownHosts } from './plan-view.ts';
import { getStoredPlan, listStoredPlans, type StoredPlan } from './read-plans.ts';
import * as save from './save-plan.ts';

/** P-10 Plans: create, list, read, replace, delete. */
export function planRoutes(
  app: FastifyInstance,
  { context, index }: { context: FleetContext; index: KnownHosts },
): void {
  const { db } = context.store;
  const views = async (plans: readonly StoredPlan[]): Promise<PlanView[]> => {
    const tree = await readGroupTree(db);
    return Promise.all(plans.map((plan) => planViewOf(db, plan, index, tree)));
  };
  const view = async (plan: StoredPlan): Promise<PlanView> => (await views([plan]))[0]!;
  const tagged = (reply: FastifyReply, plan: StoredPlan): Promise<PlanView> => {
    sendTag(reply, revisionTag(plan.revision));
    return view(plan);
  };
  mount(app, createPlan, async ({ body, principal, reply }) =>
    tagged(reply, await save.createPlan(context, principal, body)),
  );
  mount(app, listPlans, async ({ query, principal }) => {
    const { name, after, limit = PAGE_ROWS_DEFAULT } = query;
    const plans = await plansWithin(db, await listStoredPlans(db), reachOf(principal, 'plan.read'));
    const wanted = plans
      .map((plan) => ({ plan, place: `${plan.spec.name}\n${plan.id}` }))
      .filter(({ plan, place }) => (name === undefined || plan.spec.name === name) && place > (after ?? ''))
      .sort((a, b) => (a.place < b.place ? -1 : 1));
    const { shown, next } = pageOf(wanted, limit, ({ place }) => place);
    return { plans: await views(shown.map(({ plan }) => plan)), next };
  });
  mount(app, getPlan, async ({ params, principal, reply }) => {
    const plan = await getStoredPlan(db, params.id);
    if (!(await isPlanWithin(db, plan.spec, reachOf(principal, 'plan.read'))))
      throw new AppError('NOT_FOUND', { what: 'plan', id: params.id });
    return tagged(reply, plan);
  });
  mount(app, replacePlan, async ({ params, body, principal, request, reply }) => {
    const { revision, ...spec } = body;
    const precondition = preconditionOf(request);
    if (revision === undefined && precondition === undefined) throw new AppError('PLAN_REVISION_MISSING');
    const change = { spec, revision, precondition };
    return tagged(reply, await save.replacePlan(context, principal, params.id, change));
  });
  mount(app, deletePlan, async ({ params, principal, request }) => {
    await save.deletePlan(context, principal, params.id, preconditionOf(request));
    return { deleted: params.id };
  });
}
