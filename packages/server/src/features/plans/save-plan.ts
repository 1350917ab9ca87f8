import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { parsePlanId, type PlanId } from '@sekisho/core/ids.ts';
import { PLANS_PER_LIMITED_REACH_MAX, PLANS_PER_POLICY_MAX } from '@sekisho/core/limits.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import { requireUnchanged, revisionTag, type Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { changesOf } from '../audit/changes-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { refreshPolicies } from '../fleet/refresh-policies.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { ensureRepositories } from '../repositories/ensure-repositories.ts';
import { checkPlan, withApplication } from './check-plan.ts';
import { countPlans, insertPlan, markPlanDeleted, updatePlan } from './plans.store.ts';
import { isPlanWithin, plansWithin } from './plan-reach.ts';
import { coveredHosts, getStoredPlan, listStoredPlans, type StoredPlan } from './read-plans.ts';

/** Hosts of a plan whose repositories are made while it is saved; those of a larger plan follow in the background. */
export const HOSTS_PREPARED_AT_ONCE_MAX = 200;

/**
 * P-10 Makes a plan and deploys it: its policies are signed in the same transaction.
 * @throws AppError PLAN_NAME_TAKEN, PLANS_TOO_MANY, and what `checkPlan` refuses
 */
export async function createPlan(
  context: FleetContext,
  principal: Principal,
  given: PlanSpec,
): Promise<StoredPlan> {
  const id = parsePlanId(context.random.uuid())!;
  return context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    await recordChange(tx, 'plan', id);
    const known = await plansKnownTo(tx, principal);
    const spec = await withApplication(tx, given);
    refuseTakenName(known, spec.name, null);
    await checkPlan(tx, spec, principal);
    await requireRoom(tx, known, principal);
    await insertPlan(tx, id, spec, nowMs);
    await deploy(context, tx, spec);
    await audit(tx, 'create-plan', principal, id, { name: spec.name, before: null, after: spec }, nowMs);
    return getStoredPlan(tx, id);
  });
}

/**
 * P-10 Replaces a plan and deploys it. A change of schedules or targets begins a new expectation; any other does not.
 * `revision`: the one that was edited, when there is no precondition. @throws AppError NOT_FOUND, PLAN_REVISION_CONFLICT,
 * PRECONDITION_FAILED, PLAN_NAME_TAKEN, and what `checkPlan` refuses
 */
export async function replacePlan(
  context: FleetContext,
  principal: Principal,
  id: PlanId,
  input: { spec: PlanSpec; revision?: number | undefined; precondition?: Precondition | undefined },
): Promise<StoredPlan> {
  return context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    await recordChange(tx, 'plan', id);
    const plan = await getOwnPlan(tx, principal, id);
    await requireUnchangedPlan(tx, plan, input.precondition);
    const { revision } = plan;
    if (input.revision !== undefined && input.revision !== revision)
      throw new AppError('PLAN_REVISION_CONFLICT', { revision: input.revision, current: revision });
    const spec = await withApplication(tx, input.spec);
    refuseTakenName(await plansKnownTo(tx, principal), spec.name, id);
    await checkPlan(tx, spec, principal, plan.spec);
    const enabledSinceMs = sameExpectation(plan.spec, spec) ? plan.enabledSinceMs : nowMs;
    await updatePlan(tx, id, { spec, revision: revision + 1, enabledSinceMs, changedAtMs: nowMs });
    await deploy(context, tx, spec);
    await audit(
      tx,
      'change-plan',
      principal,
      id,
      { name: spec.name, revision: revision + 1, ...changesOf({ ...plan.spec }, { ...spec }) },
      nowMs,
    );
    return getStoredPlan(tx, id);
  });
}

/** P-10 Deletes a plan: hosts stop running it, its recovery points stay. @throws AppError NOT_FOUND, PRECONDITION_FAILED */
export async function deletePlan(
  context: FleetContext,
  principal: Principal,
  id: PlanId,
  precondition?: Precondition,
): Promise<void> {
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    await recordChange(tx, 'plan', id);
    const plan = await getOwnPlan(tx, principal, id);
    await requireUnchangedPlan(tx, plan, precondition);
    await markPlanDeleted(tx, id, nowMs);
    await refreshPolicies(context, tx);
    await audit(
      tx,
      'delete-plan',
      principal,
      id,
      { name: plan.spec.name, before: plan.spec, after: null },
      nowMs,
    );
  });
}

/** Refusal: PRECONDITION_FAILED, with who changed the plan. */
const requireUnchangedPlan = (
  tx: Tx,
  plan: StoredPlan,
  precondition: Precondition | undefined,
): Promise<void> =>
  requireUnchanged(precondition, revisionTag(plan.revision), () =>
    lastChangeOf(tx, plan.id, ['create-plan', 'change-plan']),
  );

/** A plan within the reach of who changes it. @throws AppError NOT_FOUND */
async function getOwnPlan(tx: Tx, principal: Principal, id: PlanId): Promise<StoredPlan> {
  const plan = await getStoredPlan(tx, id);
  if (!(await isPlanWithin(tx, plan.spec, reachOf(principal, 'plan.write'))))
    throw new AppError('NOT_FOUND', { what: 'plan', id });
  return plan;
}

async function deploy(context: FleetContext, tx: Tx, spec: PlanSpec): Promise<void> {
  const hosts = await coveredHosts(tx, spec, await readGroupTree(tx));
  if (hosts.length <= HOSTS_PREPARED_AT_ONCE_MAX)
    await ensureRepositories(context, tx, hosts, spec.mediaServers);
  await refreshPolicies(context, tx);
}

/**
 * The plans within the reach of who writes one. Those of others are, to them, not there: neither do their names stand in the
 * way, so that of two parts of a domain each may have its `nightly`; plans are told apart by their ID.
 */
const plansKnownTo = async (tx: Tx, principal: Principal): Promise<StoredPlan[]> =>
  plansWithin(tx, await listStoredPlans(tx), reachOf(principal, 'plan.write'));

function refuseTakenName(known: readonly StoredPlan[], name: string, otherThan: PlanId | null): void {
  if (known.some((plan) => plan.spec.name === name && plan.id !== otherThan))
    throw new AppError('PLAN_NAME_TAKEN', { name });
}

/** Whoever writes plans of a part of the domain uses up a part of its plans, and hears of their own number first. */
async function requireRoom(tx: Tx, known: readonly StoredPlan[], principal: Principal): Promise<void> {
  const isLimited = reachOf(principal, 'plan.write') !== 'domain';
  if (isLimited && known.length >= PLANS_PER_LIMITED_REACH_MAX)
    throw new AppError('PLANS_TOO_MANY', { limit: PLANS_PER_LIMITED_REACH_MAX });
  if ((await countPlans(tx)) >= PLANS_PER_POLICY_MAX)
    throw new AppError('PLANS_TOO_MANY', { limit: PLANS_PER_POLICY_MAX });
}

const sameExpectation = (a: PlanSpec, b: PlanSpec): boolean =>
  JSON.stringify([a.schedules, a.targets]) === JSON.stringify([b.schedules, b.targets]);

const audit = (
  tx: Tx,
  act: AuditAct,
  principal: Principal,
  id: PlanId,
  detail: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act,
      actor: principal.name,
      origin: principal.origin,
      subject: id,
      outcome: 'done',
      detail,
    },
    nowMs,
  );
