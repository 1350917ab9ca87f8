import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { APPLICATION_HOSTS_MAX, APPLICATIONS_MAX } from '@sekisho/core/limits.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ApplicationKind } from '@sekisho/core/wire/applications.ts';
import { requireUnchanged, revisionTag, type Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { hostIsWithin, requireHost } from '../groups/within-reach.ts';
import { changed as namesChanged } from '../names/decide-mappings.ts';
import { plansOfApplication } from '../plans/read-plans.ts';
import { redeployPlan } from '../plans/redeploy-plan.ts';
import { endUnmappedGrants } from '../restores/end-grants.ts';
import * as store from './application-rows.ts';
import { getApplication, virtualNameOf } from './read-applications.ts';

/** The acts that change a mapping. */
const ACTS = ['create-application', 'change-application'] as const satisfies AuditAct[];

/**
 * T-34 Maps a virtual name to the hosts that may carry it. Who does so must be allowed to change every one of them: each may then restore
 * the others' recovery points.
 * @throws AppError HOST_NAME_INVALID, APPLICATION_NAME_TAKEN, APPLICATIONS_TOO_MANY, NOT_FOUND, PLAN_HOST_IS_SERVER
 */
export async function createApplication(
  context: FleetContext,
  principal: Principal,
  wish: { name: string; kind: ApplicationKind; hosts: readonly HostId[] },
): Promise<string> {
  const name = virtualNameOf(wish.name);
  const hosts = [...new Set(wish.hosts)].sort();
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    for (const hostId of hosts) await requireNode(tx, principal, hostId);
    if ((await store.findApplication(tx, name)) !== undefined)
      throw new AppError('APPLICATION_NAME_TAKEN', { name });
    if ((await store.countApplications(tx)) >= APPLICATIONS_MAX)
      throw new AppError('APPLICATIONS_TOO_MANY', { limit: APPLICATIONS_MAX });
    await store.insertApplication(tx, { name, kind: wish.kind, hosts, createdBy: principal.name }, nowMs);
    await follow(context, tx, principal, name);
    await audit(tx, 'create-application', principal, name, { kind: wish.kind, hosts }, nowMs);
  });
  return name;
}

/** T-34 Adds a host; one that is there already changes nothing. @throws AppError NOT_FOUND, APPLICATION_HOSTS_TOO_MANY, RIGHT_MISSING, PRECONDITION_FAILED */
export const addHost = (
  context: FleetContext,
  principal: Principal,
  wish: { name: string; hostId: HostId; precondition?: Precondition | undefined },
): Promise<string> =>
  change(context, principal, wish, async (tx, mapping) => {
    if (mapping.hosts.includes(wish.hostId)) return false;
    await requireNode(tx, principal, wish.hostId);
    if (mapping.hosts.length >= APPLICATION_HOSTS_MAX)
      throw new AppError('APPLICATION_HOSTS_TOO_MANY', { name: mapping.name, limit: APPLICATION_HOSTS_MAX });
    await requireCommands(tx, principal, mapping.name, wish.hostId);
    await store.insertHost(tx, mapping.name, wish.hostId);
    return true;
  });

/**
 * T-34 Removes a host: it stops running the application's plans, and what it was granted to read of the others ends at once.
 * @throws AppError NOT_FOUND, APPLICATION_LAST_HOST, PRECONDITION_FAILED
 */
export const removeHost = (
  context: FleetContext,
  principal: Principal,
  wish: { name: string; hostId: HostId; precondition?: Precondition | undefined },
): Promise<string> =>
  change(context, principal, wish, async (tx, mapping) => {
    if (!mapping.hosts.includes(wish.hostId))
      throw new AppError('NOT_FOUND', { what: 'host', id: wish.hostId });
    if (mapping.hosts.length === 1) {
      const host = (await findHost(tx, wish.hostId))?.name ?? wish.hostId;
      throw new AppError('APPLICATION_LAST_HOST', { name: mapping.name, host });
    }
    await store.removeHost(tx, mapping.name, wish.hostId);
    return true;
  });

/** T-34 Deletes a mapping that no plan needs; what it granted ends at once. @throws AppError NOT_FOUND, APPLICATION_IN_USE, PRECONDITION_FAILED */
export async function deleteApplication(
  context: FleetContext,
  principal: Principal,
  wish: { name: string; precondition?: Precondition | undefined },
): Promise<string> {
  const name = virtualNameOf(wish.name);
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const mapping = await own(tx, principal, name, wish.precondition);
    const [plan] = await plansOfApplication(tx, name);
    if (plan !== undefined) throw new AppError('APPLICATION_IN_USE', { name, plan: plan.spec.name });
    await store.removeApplication(tx, name);
    await follow(context, tx, principal, name);
    const { kind, hosts } = mapping;
    await audit(tx, 'delete-application', principal, name, { kind, before: hosts, after: null }, nowMs);
  });
  return name;
}

async function change(
  context: FleetContext,
  principal: Principal,
  wish: { name: string; precondition?: Precondition | undefined },
  work: (tx: Tx, mapping: store.StoredApplication) => Promise<boolean>,
): Promise<string> {
  const name = virtualNameOf(wish.name);
  await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const mapping = await own(tx, principal, name, wish.precondition);
    if (!(await work(tx, mapping))) return;
    await store.markChanged(tx, name, mapping.revision + 1, nowMs);
    const after = (await store.findApplication(tx, name))?.hosts;
    for (const plan of await plansOfApplication(tx, name)) await redeployPlan(context, tx, plan);
    await follow(context, tx, principal, name);
    await audit(tx, 'change-application', principal, name, { before: mapping.hosts, after }, nowMs);
  });
  return name;
}

/** Names with their plans, and grants that no mapping carries any more. */
async function follow(context: FleetContext, tx: Tx, principal: Principal, name: string): Promise<void> {
  await recordChange(tx, 'application', name);
  await namesChanged(tx, name, []); // T-31: the name is reserved for its hosts
  await endUnmappedGrants(context, tx, principal);
}

async function own(
  tx: Tx,
  principal: Principal,
  name: string,
  precondition: Precondition | undefined,
): Promise<store.StoredApplication> {
  const mapping = await getApplication(tx, name, reachOf(principal, 'host.write'));
  await requireUnchanged(precondition, revisionTag(mapping.revision), () => lastChangeOf(tx, name, ACTS));
  return mapping;
}

/** P-10 Commands of the application's plans come to the new host, too: that needs the right for them there. */
async function requireCommands(tx: Tx, principal: Principal, name: string, hostId: HostId): Promise<void> {
  const plans = await plansOfApplication(tx, name);
  if (plans.every(({ spec }) => spec.commands.pre === null && spec.commands.post === null)) return;
  if (!(await hostIsWithin(tx, reachOf(principal, 'plan.commands'), hostId)))
    throw new AppError('RIGHT_MISSING', { right: 'plan.commands' });
}

async function requireNode(tx: Tx, principal: Principal, hostId: HostId): Promise<void> {
  await requireHost(tx, reachOf(principal, 'host.write'), hostId);
  const host = await findHost(tx, hostId);
  if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
  if (host.isServer) throw new AppError('PLAN_HOST_IS_SERVER', { host: host.name });
}

const audit = (
  tx: Tx,
  act: AuditAct,
  principal: Principal,
  name: string,
  detail: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    { act, actor: principal.name, origin: principal.origin, subject: name, outcome: 'done', detail },
    nowMs,
  );
