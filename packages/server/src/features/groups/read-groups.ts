import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { PREVIEW_HOSTS_MAX } from '@sekisho/core/limits.ts';
import type { EffectiveSettings } from '@sekisho/core/rules/inheritance.ts';
import { reaches, reachOf, type Principal, type Reach } from '@sekisho/core/rules/rights.ts';
import { SETTING_NAMES } from '@sekisho/core/wire/group-settings.ts';
import type { GroupDetail, GroupPolicy, GroupView } from '@sekisho/core/wire/groups.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listNamesOf } from '../domain/default-list.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetIndex, IndexedHost } from '../fleet/fleet-index.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { plansWithin } from '../plans/plan-reach.ts';
import { listStoredPlans } from '../plans/read-plans.ts';
import { readGroupTree, type GroupTree, type StoredGroup } from './group-tree.ts';
import { countHosts } from './group-rows.ts';

/** All groups within a reach, each after the one above it, by name. */
export async function listGroupViews(db: DbOrTx, reach: Reach): Promise<GroupView[]> {
  const tree = await readGroupTree(db);
  const counts = await countHosts(db);
  return [...tree.groups()]
    .filter(({ id }) => reaches(reach, id))
    .map((group) => viewOf(tree, counts, group))
    .sort((a, b) => comparePaths(a.path, b.path));
}

/** A group within a reach, with what holds for it. @throws AppError NOT_FOUND, also for one outside */
export async function readGroup(context: FleetContext, reach: Reach, id: GroupId): Promise<GroupDetail> {
  const { db } = context.store;
  const tree = await readGroupTree(db);
  const group = need(tree, reach, id);
  const settings = tree.settingsOf(id, context.settings);
  return {
    ...viewOf(tree, await countHosts(db), group),
    effective: viewOfSettings(settings),
    lists: await listsOf(db, settings),
  };
}

/** The policy of a group's hosts, and who holds it. @throws AppError NOT_FOUND */
export async function readGroupPolicy(
  context: FleetContext,
  index: FleetIndex,
  principal: Principal,
  id: GroupId,
): Promise<GroupPolicy> {
  const { db } = context.store;
  const tree = await readGroupTree(db);
  const group = need(tree, reachOf(principal, 'group.read'), id);
  const settings = tree.settingsOf(id, context.settings);
  const serial = context.documents.latestSerial('policy', id) ?? 0;
  const hosts = [...index.hosts()].filter(({ groupId }) => groupId === id);
  const behind = hosts.filter(({ policySerial }) => policySerial < serial);
  return {
    group: { id, name: group.name, path: tree.namesOf(id) },
    serial,
    effective: viewOfSettings(settings),
    lists: await listsOf(db, settings),
    ...(await plansOf(db, tree, principal, { id, hosts })),
    hosts: hosts.length,
    holding: hosts.length - behind.length,
    behind: await namedBehind(db, behind),
  };
}

async function plansOf(
  db: DbOrTx,
  tree: GroupTree,
  principal: Principal,
  { id, hosts }: { id: GroupId; hosts: readonly IndexedHost[] },
): Promise<Pick<GroupPolicy, 'plans' | 'otherPlans'>> {
  const members = new Set(hosts.map((host) => host.id));
  const covering = (await listStoredPlans(db)).flatMap((plan) => {
    const from = plan.spec.targets.groups
      .filter((target) => tree.handsPlansTo(target, id))
      .map((target) => ({ id: target, name: tree.get(target)?.name ?? '' }));
    const named = plan.spec.targets.hosts.filter((host) => members.has(host)).length;
    return from.length + named === 0 ? [] : [{ plan, from, hosts: from.length > 0 ? hosts.length : named }];
  });
  const shown = new Set(
    await plansWithin(
      db,
      covering.map(({ plan }) => plan),
      reachOf(principal, 'plan.read'),
    ),
  );
  const plans = covering
    .filter(({ plan }) => shown.has(plan))
    .map(({ plan, ...rest }) => ({ id: plan.id, name: plan.spec.name, ...rest }));
  return { plans, otherPlans: covering.length - plans.length };
}

/** The first hosts that are behind, by name. */
async function namedBehind(db: DbOrTx, behind: readonly IndexedHost[]): Promise<GroupPolicy['behind']> {
  const serials = new Map(behind.slice(0, PREVIEW_HOSTS_MAX).map((host) => [host.id, host.policySerial]));
  const hosts = await findHosts(db, [...serials.keys()]);
  return hosts
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id, name }) => ({ id, name, serial: serials.get(id) ?? 0 }));
}

function need(tree: GroupTree, reach: Reach, id: GroupId): StoredGroup {
  const group = tree.get(id);
  if (group === undefined || !reaches(reach, id)) throw new AppError('NOT_FOUND', { what: 'group', id });
  return group;
}

const viewOf = (tree: GroupTree, counts: ReadonlyMap<GroupId, number>, group: StoredGroup): GroupView => ({
  id: group.id,
  name: group.name,
  path: tree.namesOf(group.id),
  parentId: group.parentId,
  inherits: group.ownSinceMs === null,
  ownSinceMs: group.ownSinceMs,
  values: group.values,
  locked: [...group.locked],
  revision: group.revision,
  hosts: counts.get(group.id) ?? 0,
  groups: tree.childrenOf(group.id).length,
  createdAtMs: group.createdAtMs,
  changedAtMs: group.changedAtMs,
});

/** What is read-only inside may be written down outside. */
const viewOfSettings = (settings: EffectiveSettings): GroupDetail['effective'] =>
  Object.fromEntries(
    SETTING_NAMES.map((name) => [name, { ...settings[name], overridden: [...settings[name].overridden] }]),
  ) as GroupDetail['effective']; // each name got the value of its own type

/** Lists that the settings speak of, by name. */
async function listsOf(db: DbOrTx, { list }: EffectiveSettings): Promise<GroupDetail['lists']> {
  const ids = new Set([list.value, ...list.overridden.map(({ value }) => value)]);
  return (await listNamesOf(db)).filter(({ id }) => ids.has(id));
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((name, n) => name !== b[n]);
  if (at === -1) return a.length - b.length;
  const other = b[at];
  return other === undefined ? 1 : (a[at] ?? '') < other ? -1 : 1;
}
