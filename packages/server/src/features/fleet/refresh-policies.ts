import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { SETTING_NAMES } from '@sekisho/core/wire/group-settings.ts';
import type { Tx } from '../../store/tables.ts';
import { readGroupTree, type GroupTree } from '../groups/group-tree.ts';
import { coversGroup, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { storedHostId } from './stored-ids.ts';
import type { DocumentBody, FleetContext } from './fleet-context.ts';
import { endpointsOf, findHosts, type FleetHost } from './read-hosts.ts';

const MEDIA_SERVERS_MAX = 64;

/**
 * F-02, F-04 Signs the policies of these groups anew, of all by default: effective settings with their origins, media servers, plans. One
 * whose content is the same keeps its serial. The first serial that carries a revision of a plan is recorded, so that "who has it" can
 * be told.
 */
export async function refreshPolicies(
  context: FleetContext,
  tx: Tx,
  only?: ReadonlySet<GroupId>,
): Promise<void> {
  const facts = await readFacts(tx);
  for (const { id } of facts.tree.groups()) {
    if (only !== undefined && !only.has(id)) continue;
    const body = policyBody(context, id, facts);
    const serial = await context.documents.make(tx, 'policy', id, body);
    await recordPlans(tx, id, serial, body.plans);
  }
}

/** What policies are made of: read once for all groups. */
interface PolicyFacts {
  readonly tree: GroupTree;
  readonly plans: readonly StoredPlan[];
  /** Media servers that hold repositories: points there can be restored from. */
  readonly holding: readonly HostId[];
  /** Hosts that plans name, and media servers. */
  readonly hosts: ReadonlyMap<HostId, FleetHost>;
}

async function readFacts(tx: Tx): Promise<PolicyFacts> {
  const plans = await listStoredPlans(tx);
  const holding = await holdingHosts(tx);
  const ids = plans.flatMap(({ spec }) => [...spec.targets.hosts, ...spec.mediaServers]);
  const hosts = await findHosts(tx, [...new Set([...ids, ...holding])]);
  return {
    tree: await readGroupTree(tx),
    plans,
    holding,
    hosts: new Map(hosts.map((host) => [host.id, host])),
  };
}

function policyBody(context: FleetContext, groupId: GroupId, facts: PolicyFacts): DocumentBody<'policy'> {
  const { tree } = facts;
  const plans = facts.plans.flatMap((plan) => policyPlanOf(plan, groupId, facts) ?? []);
  const settings = tree.settingsOf(groupId, context.settings);
  return {
    group: groupId,
    heartbeatSeconds: settings.heartbeatSeconds.value,
    mode: settings.mode.value,
    ...(settings.verification.value.state === 'off' ? { verification: settings.verification.value } : {}),
    origins: Object.fromEntries(
      SETTING_NAMES.map((name) => {
        const { origin, lockedBy } = settings[name];
        return [name, { ...origin, locked: lockedBy !== null }];
      }),
    ),
    crlRefreshSeconds: settings.crlRefreshSeconds.value,
    staleCrl: settings.staleCrl.value,
    mediaServers: mediaServersOf(plans, facts),
    plans,
  };
}

function policyPlanOf(
  plan: StoredPlan,
  groupId: GroupId,
  { tree, hosts }: PolicyFacts,
): PolicyPlan | undefined {
  const whole = coversGroup(plan.spec, tree, groupId);
  const hostIds = whole ? null : plan.spec.targets.hosts.filter((id) => hosts.get(id)?.groupId === groupId);
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

/** The media servers of the group's plans, and those that hold repositories. */
function mediaServersOf(
  plans: readonly PolicyPlan[],
  { holding, hosts }: PolicyFacts,
): DocumentBody<'policy'>['mediaServers'] {
  const ids = new Set<HostId>([...plans.flatMap((plan) => plan.mediaHostIds), ...holding]);
  return [...ids]
    .slice(0, MEDIA_SERVERS_MAX)
    .flatMap((id) => hosts.get(id) ?? [])
    .filter((host) => host.media !== null)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((host) => ({
      hostId: host.id,
      name: host.name,
      endpoints: endpointsOf(host),
      ...(host.isLegacy ? ({ legacy: true } as const) : {}),
    }));
}

async function holdingHosts(tx: Tx): Promise<HostId[]> {
  const rows = await tx
    .selectFrom('repositories')
    .select('media_host_id')
    .distinct()
    .orderBy('media_host_id')
    .limit(MEDIA_SERVERS_MAX)
    .execute();
  return rows.map((row) => storedHostId(row.media_host_id));
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
