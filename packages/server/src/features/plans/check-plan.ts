import { AppError } from '@sekisho/core/errors.ts';
import { holdsRight, type Principal } from '@sekisho/core/rules/rights.ts';
import { parseSchedule } from '@sekisho/core/rules/schedule.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import type { Tx } from '../../store/tables.ts';
import { findHosts, listGroups } from '../fleet/read-hosts.ts';

/**
 * P-10 May this plan be saved? What zod cannot see: schedules that come, hosts and groups that exist, media servers with
 * the role, the right for commands (needed again only when they change).
 * @throws AppError SCHEDULE_…, PLAN_…, RIGHT_MISSING
 */
export async function checkPlan(
  tx: Tx,
  spec: PlanSpec,
  principal: Principal,
  previous?: PlanSpec,
): Promise<void> {
  checkSchedules(spec);
  checkCommands(spec, principal, previous);
  await checkTargets(tx, spec);
  await checkMediaServers(tx, spec);
}

function checkSchedules(spec: PlanSpec): void {
  const names = new Set<string>();
  for (const schedule of spec.schedules) {
    if (names.has(schedule.name)) throw new AppError('PLAN_SCHEDULE_TWICE', { name: schedule.name });
    names.add(schedule.name);
    const decision = parseSchedule(schedule);
    if (!decision.allow) throw new AppError(decision.code, decision.params);
  }
}

function checkCommands(spec: PlanSpec, principal: Principal, previous: PlanSpec | undefined): void {
  const { pre, post } = spec.commands;
  if (pre === null && post === null) return;
  if (previous?.commands.pre === pre && previous.commands.post === post) return;
  if (!holdsRight(principal, 'plan.commands'))
    throw new AppError('RIGHT_MISSING', { right: 'plan.commands' });
}

async function checkTargets(tx: Tx, spec: PlanSpec): Promise<void> {
  const known = new Map((await findHosts(tx, spec.targets.hosts)).map((host) => [host.id, host]));
  for (const hostId of spec.targets.hosts) {
    const host = known.get(hostId);
    if (host === undefined) throw new AppError('PLAN_HOST_UNKNOWN', { hostId });
    if (host.isServer) throw new AppError('PLAN_HOST_IS_SERVER', { host: host.name });
  }
  const groups = new Set((await listGroups(tx)).map((group) => group.id));
  for (const groupId of spec.targets.groups)
    if (!groups.has(groupId)) throw new AppError('PLAN_GROUP_UNKNOWN', { groupId });
}

async function checkMediaServers(tx: Tx, spec: PlanSpec): Promise<void> {
  const hosts = new Map((await findHosts(tx, spec.mediaServers)).map((host) => [host.id, host]));
  const seen = new Set<string>();
  for (const hostId of spec.mediaServers) {
    const host = hosts.get(hostId);
    if (host === undefined) throw new AppError('PLAN_HOST_UNKNOWN', { hostId });
    if (host.media === null) throw new AppError('PLAN_MEDIA_ROLE_MISSING', { host: host.name });
    if (seen.has(hostId)) throw new AppError('PLAN_MEDIA_TWICE', { host: host.name });
    seen.add(hostId);
  }
}
