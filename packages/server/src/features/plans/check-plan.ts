import { AppError } from '@sekisho/core/errors.ts';
import { reaches, reachOf, type Principal, type Reach } from '@sekisho/core/rules/rights.ts';
import { parseSchedule } from '@sekisho/core/rules/schedule.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import type { Tx } from '../../store/tables.ts';
import { findApplication } from '../applications/application-rows.ts';
import { virtualNameOf } from '../applications/read-applications.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { isPlanWithin } from './plan-reach.ts';

/**
 * T-34 A plan of an application with the canonical virtual name and the hosts of its mapping; any other plan as it is. A mapping must be
 * there; hosts may be given only as they are mapped.
 * @throws AppError APPLICATION_MAPPING_MISSING, APPLICATION_KIND_DIFFERS, PLAN_TARGETS_OF_APPLICATION, HOST_NAME_…
 */
export async function withApplication(tx: Tx, spec: PlanSpec): Promise<PlanSpec> {
  if (spec.application === null) return spec;
  const { kind } = spec.application;
  const name = virtualNameOf(spec.application.virtualName);
  const mapping = await findApplication(tx, name);
  if (mapping === undefined) throw new AppError('APPLICATION_MAPPING_MISSING', { name, kind });
  if (mapping.kind !== kind)
    throw new AppError('APPLICATION_KIND_DIFFERS', { name, kind, found: mapping.kind });
  const given = [...spec.targets.hosts].sort();
  const same = JSON.stringify(given) === JSON.stringify([...mapping.hosts].sort());
  if (spec.targets.groups.length > 0 || (given.length > 0 && !same))
    throw new AppError('PLAN_TARGETS_OF_APPLICATION', { name });
  return {
    ...spec,
    application: { kind, virtualName: name },
    targets: { hosts: [...mapping.hosts], groups: [] },
  };
}

/**
 * P-10 May this plan be saved? What zod cannot see: schedules that come, hosts and groups that exist, media servers with
 * the role, the right for commands (needed again only when they change, or come to more hosts). Hosts and groups outside the
 * reach of `plan.write` are, to who asks, not there; media servers serve all groups and may be any of the domain.
 * @throws AppError SCHEDULE_…, PLAN_…, RIGHT_MISSING
 */
export async function checkPlan(
  tx: Tx,
  spec: PlanSpec,
  principal: Principal,
  previous?: PlanSpec,
): Promise<void> {
  checkSchedules(spec);
  const reach = reachOf(principal, 'plan.write');
  await checkTargets(tx, spec, reach);
  await checkCommands(tx, spec, principal, previous);
  await checkMediaServers(tx, spec, reach);
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

/** Commands run as the agent does: the right for them must reach every host on which they come to run. */
async function checkCommands(
  tx: Tx,
  spec: PlanSpec,
  principal: Principal,
  previous: PlanSpec | undefined,
): Promise<void> {
  const { pre, post } = spec.commands;
  if (pre === null && post === null) return;
  const same = previous?.commands.pre === pre && previous.commands.post === post;
  if (same && !goesFurther(spec, previous)) return;
  if (!(await isPlanWithin(tx, spec, reachOf(principal, 'plan.commands'))))
    throw new AppError('RIGHT_MISSING', { right: 'plan.commands' });
}

/** Does a plan name a host or a group that it did not name before? */
const goesFurther = ({ targets }: PlanSpec, previous: PlanSpec): boolean =>
  targets.hosts.some((id) => !previous.targets.hosts.includes(id)) ||
  targets.groups.some((id) => !previous.targets.groups.includes(id));

async function checkTargets(tx: Tx, spec: PlanSpec, reach: Reach): Promise<void> {
  const known = new Map((await findHosts(tx, spec.targets.hosts)).map((host) => [host.id, host]));
  for (const hostId of spec.targets.hosts) {
    const host = known.get(hostId);
    if (host === undefined || !reaches(reach, host.groupId))
      throw new AppError('PLAN_HOST_UNKNOWN', { hostId });
    if (host.isServer) throw new AppError('PLAN_HOST_IS_SERVER', { host: host.name });
  }
  const tree = await readGroupTree(tx);
  for (const groupId of spec.targets.groups)
    if (tree.get(groupId) === undefined || !reaches(reach, groupId))
      throw new AppError('PLAN_GROUP_UNKNOWN', { groupId });
}

async function checkMediaServers(tx: Tx, spec: PlanSpec, reach: Reach): Promise<void> {
  const hosts = new Map((await findHosts(tx, spec.mediaServers)).map((host) => [host.id, host]));
  const seen = new Set<string>();
  for (const hostId of spec.mediaServers) {
    const host = hosts.get(hostId);
    // of a host outside the reach nothing is told but that it serves as media server, to who knows its ID
    const told = host !== undefined && (reaches(reach, host.groupId) || host.media !== null);
    if (host === undefined || !told) throw new AppError('PLAN_HOST_UNKNOWN', { hostId });
    if (host.media === null) throw new AppError('PLAN_MEDIA_ROLE_MISSING', { host: host.name });
    if (seen.has(hostId))
      throw new AppError('PLAN_MEDIA_TWICE', { host: reaches(reach, host.groupId) ? host.name : host.id });
    seen.add(hostId);
  }
}
