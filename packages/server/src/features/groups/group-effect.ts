import type { GroupId } from '@sekisho/core/ids.ts';
import { GROUPS_PER_EFFECT_MAX, PLANS_PER_EFFECT_MAX, PREVIEW_HOSTS_MAX } from '@sekisho/core/limits.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import { SETTING_NAMES } from '@sekisho/core/wire/group-settings.ts';
import type { ChangeEffect, GroupEffect } from '@sekisho/core/wire/groups.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { plansWithin } from '../plans/plan-reach.ts';
import { coversGroup, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { listNamesOf } from '../domain/default-list.ts';
import type { GroupTree, SettingDefaults } from './group-tree.ts';
import { countHosts, firstNames } from './group-rows.ts';
import { requireSecurityRight } from './require-security-right.ts';

/** One place before and after a change: the hosts of a group, or a host that comes from another group. */
interface Place {
  readonly before: GroupId;
  readonly after: GroupId;
  readonly hosts: number;
}

/** What plans there are, and which of them the caller may see by name. */
interface PlanFacts {
  readonly plans: readonly StoredPlan[];
  readonly shown: ReadonlySet<StoredPlan>;
}

/** F-01 What changing one tree into the other does to the hosts of these groups. Groups without hosts are left out. */
export async function effectOfTrees(
  db: DbOrTx,
  principal: Principal,
  trees: { before: GroupTree; after: GroupTree; groups: Iterable<GroupId> },
  defaults: SettingDefaults,
): Promise<ChangeEffect> {
  const counts = await countHosts(db);
  const places = [...trees.groups].map((id) => ({ before: id, after: id, hosts: counts.get(id) ?? 0 }));
  requireSecurityRight(principal, { ...trees, places }, defaults);
  const effects = effectsOf(places, trees, await readPlans(db, principal), defaults);
  const named = await firstNames(
    db,
    effects.map(({ group }) => group.id),
    PREVIEW_HOSTS_MAX,
  );
  return summed(db, effects, named);
}

/** F-01 What coming into another group does to one host. */
export async function effectOfMove(
  db: DbOrTx,
  principal: Principal,
  move: { tree: GroupTree; name: string; from: GroupId; to: GroupId },
  defaults: SettingDefaults,
): Promise<ChangeEffect> {
  const { tree, name, from, to } = move;
  const trees = { before: tree, after: tree };
  const places = [{ before: from, after: to, hosts: 1 }];
  requireSecurityRight(principal, { ...trees, places }, defaults);
  const effects = effectsOf(places, trees, await readPlans(db, principal), defaults);
  return summed(db, effects, effects.length === 0 ? [] : [name]);
}

async function readPlans(db: DbOrTx, principal: Principal): Promise<PlanFacts> {
  const plans = await listStoredPlans(db);
  return { plans, shown: new Set(await plansWithin(db, plans, reachOf(principal, 'plan.read'))) };
}

function effectsOf(
  places: readonly Place[],
  trees: { before: GroupTree; after: GroupTree },
  facts: PlanFacts,
  defaults: SettingDefaults,
): GroupEffect[] {
  return places.flatMap((place) => {
    const effect = place.hosts === 0 ? undefined : effectOf(place, trees, facts, defaults);
    return effect ?? [];
  });
}

function effectOf(
  place: Place,
  { before, after }: { before: GroupTree; after: GroupTree },
  { plans, shown }: PlanFacts,
  defaults: SettingDefaults,
): GroupEffect | undefined {
  const had = before.settingsOf(place.before, defaults);
  const gets = after.settingsOf(place.after, defaults);
  const settings = SETTING_NAMES.flatMap((setting) => {
    const [from, to] = [had[setting].value, gets[setting].value];
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ setting, from, to }];
  });
  const gained: StoredPlan[] = [];
  const lost: StoredPlan[] = [];
  for (const plan of plans) {
    const covered = coversGroup(plan.spec, before, place.before);
    const covers = coversGroup(plan.spec, after, place.after);
    if (covered !== covers) (covers ? gained : lost).push(plan);
  }
  // whether plans come from above is shown by which plans come and go
  const told = settings.filter(({ setting }) => setting !== 'plans');
  if (told.length === 0 && gained.length === 0 && lost.length === 0) return undefined;
  const namesOf = (all: readonly StoredPlan[]): string[] =>
    all
      .filter((plan) => shown.has(plan))
      .slice(0, PLANS_PER_EFFECT_MAX)
      .map(({ spec }) => spec.name);
  const [plansGained, plansLost] = [namesOf(gained), namesOf(lost)];
  return {
    group: { id: place.after, name: after.get(place.after)?.name ?? '' },
    hosts: place.hosts,
    settings: told,
    plansGained,
    plansLost,
    otherPlans: gained.length + lost.length - plansGained.length - plansLost.length,
  };
}

async function summed(
  db: DbOrTx,
  effects: readonly GroupEffect[],
  named: readonly string[],
): Promise<ChangeEffect> {
  const ids = new Set(
    effects.flatMap(({ settings }) =>
      settings.flatMap(({ setting, from, to }) => (setting === 'list' ? [from, to] : [])),
    ),
  );
  return {
    hosts: effects.reduce((sum, { hosts }) => sum + hosts, 0),
    named: [...named],
    groups: effects.slice(0, GROUPS_PER_EFFECT_MAX),
    moreGroups: Math.max(0, effects.length - GROUPS_PER_EFFECT_MAX),
    lists: (await listNamesOf(db)).filter(({ id }) => ids.has(id)),
  };
}
