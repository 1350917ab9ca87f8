import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { crlRefreshSeconds, staleCrl } from '@sekisho/core/rules/revocation.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import { z } from 'zod';
import type { Tx } from '../../store/tables.ts';
import { coversGroup, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { readSecuritySettings } from '../security/read-security-settings.ts';
import { storedHostId } from './stored-ids.ts';
import type { DocumentBody, FleetContext } from './fleet-context.ts';
import { endpointsOf, findHosts, groupPath, listGroups, type FleetGroup } from './read-hosts.ts';

const MEDIA_SERVERS_MAX = 64;
/** What a group may set by itself; it inherits the rest (F-01). */
const groupSettings = z.object({
  heartbeatSeconds: z.int().min(1).max(86_400).optional(),
  mode: z.enum(['push', 'pull']).optional(),
});

/**
 * F-02, F-04 Signs the policies of all groups anew: effective settings, media servers, plans. One whose content is the same
 * keeps its serial. The first serial that carries a revision of a plan is recorded, so that "who has it" can be told.
 */
export async function refreshPolicies(context: FleetContext, tx: Tx): Promise<void> {
  const groups = await listGroups(tx);
  const plans = await listStoredPlans(tx);
  const security = await readSecuritySettings(tx);
  for (const group of groups) {
    const body = await policyBody(context, tx, { group, groups, plans, security });
    const serial = await context.documents.make(tx, 'policy', group.id, body);
    await recordPlans(tx, group.id, serial, body.plans);
  }
}

interface PolicyFacts {
  readonly group: FleetGroup;
  readonly groups: readonly FleetGroup[];
  readonly plans: readonly StoredPlan[];
  readonly security: SecuritySettings;
}

async function policyBody(
  context: FleetContext,
  tx: Tx,
  facts: PolicyFacts,
): Promise<DocumentBody<'policy'>> {
  const { group, groups, security } = facts;
  const named = await findHosts(tx, [...new Set(facts.plans.flatMap((plan) => plan.spec.targets.hosts))]);
  const members = new Set(named.filter((host) => host.groupId === group.id).map((host) => host.id));
  const plans = facts.plans.flatMap((plan) => policyPlanOf(plan, groups, group.id, members) ?? []);
  return {
    group: group.id,
    ...effectiveSettings(context, groups, group.id),
    crlRefreshSeconds: crlRefreshSeconds(security.level),
    staleCrl: staleCrl(security.level, security.staleCrl),
    mediaServers: await mediaServersOf(tx, plans),
    plans,
  };
}

function policyPlanOf(
  plan: StoredPlan,
  groups: readonly FleetGroup[],
  groupId: GroupId,
  members: ReadonlySet<HostId>,
): PolicyPlan | undefined {
  const whole = coversGroup(plan.spec, groups, groupId);
  const hostIds = whole ? null : plan.spec.targets.hosts.filter((id) => members.has(id));
  if (hostIds?.length === 0) return undefined;
  const { name, paths, excludes, schedules, retention, mediaServers, bandwidthKiBps, commands, application } =
    plan.spec;
  return {
    planId: plan.id,
    name,
    revision: plan.revision,
    hostIds,
    enabledSinceMs: plan.enabledSinceMs,
    paths,
    excludes,
    schedules,
    retention,
    mediaHostIds: mediaServers,
    bandwidthKiBps,
    commands,
    application,
  };
}

/** The media servers of the group's plans, and those that hold repositories: points there can be restored from. */
async function mediaServersOf(
  tx: Tx,
  plans: readonly PolicyPlan[],
): Promise<DocumentBody<'policy'>['mediaServers']> {
  const ids = new Set<HostId>(plans.flatMap((plan) => plan.mediaHostIds));
  const holding = await tx
    .selectFrom('repositories')
    .select('media_host_id')
    .distinct()
    .orderBy('media_host_id')
    .limit(MEDIA_SERVERS_MAX)
    .execute();
  for (const { media_host_id } of holding) ids.add(storedHostId(media_host_id));
  const hosts = await findHosts(tx, [...ids].slice(0, MEDIA_SERVERS_MAX));
  return hosts
    .filter((host) => host.media !== null)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((host) => ({
      hostId: host.id,
      name: host.name,
      endpoints: endpointsOf(host),
      ...(host.isLegacy ? ({ legacy: true } as const) : {}),
    }));
}

function effectiveSettings(
  context: FleetContext,
  groups: readonly FleetGroup[],
  groupId: GroupId,
): { heartbeatSeconds: number; mode: 'push' | 'pull' } {
  const path = groupPath(groups, groupId).map((group) =>
    groupSettings.parse(JSON.parse(group.settings || '{}')),
  );
  return {
    heartbeatSeconds:
      path.find((one) => one.heartbeatSeconds !== undefined)?.heartbeatSeconds ??
      context.settings.heartbeatSeconds,
    mode: path.find((one) => one.mode !== undefined)?.mode ?? context.settings.mode,
  };
}

async function recordPlans(
  tx: Tx,
  groupId: GroupId,
  serial: number,
  plans: readonly PolicyPlan[],
): Promise<void> {
  const known = await tx
    .selectFrom('policy_plans')
    .select(['plan_id', 'revision'])
    .where('group_id', '=', groupId)
    .execute();
  const has = new Set(known.map((row) => `${row.plan_id} ${row.revision}`));
  for (const { planId, revision } of plans) {
    if (has.has(`${planId} ${revision}`)) continue;
    await tx
      .insertInto('policy_plans')
      .values({ group_id: groupId, serial, plan_id: planId, revision })
      .execute();
  }
}
