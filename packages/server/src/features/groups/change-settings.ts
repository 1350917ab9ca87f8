import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { HEARTBEAT_SECONDS_MAX, HEARTBEAT_SECONDS_MIN } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { isOffAt } from '@sekisho/core/rules/verification.ts';
import { SETTING_NAMES, type OwnValues, type SettingName } from '@sekisho/core/wire/group-settings.ts';
import type { ChangeEffect } from '@sekisho/core/wire/groups.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import { changesOf } from '../audit/changes-of.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import {
  auditGroup,
  requireGroup,
  requireUnchangedGroup,
  requireUnlocked,
  storeGroup,
  type GroupAct,
} from './change-tree.ts';
import { effectOfTrees } from './group-effect.ts';
import { readGroupTree, type GroupTree, type SettingDefaults, type StoredGroup } from './group-tree.ts';
import { lockTree } from './group-rows.ts';
import { requireMayKeep, requireSecurityRightFor } from './require-security-right.ts';

/** What is to be other in a group. */
export interface SettingsWish {
  readonly id: GroupId;
  readonly set: OwnValues;
  readonly unset: readonly SettingName[];
  readonly lock: readonly SettingName[];
  readonly unlock: readonly SettingName[];
  readonly inherits?: boolean | undefined;
  readonly dryRun: boolean;
  /** As what it is written; `change-group` by default. */
  readonly act?: GroupAct;
  readonly precondition?: Precondition | undefined;
}

/**
 * F-01, F-02, F-03 Changes what a group sets, locks and inherits, and says what that does to its hosts and those below. A group that stops
 * inheriting keeps as its own what it has from groups above at that moment, so that nothing but its plans changes.
 * Refusals: NOT_FOUND, PRECONDITION_FAILED, SETTING_LOCKED, HEARTBEAT_PERIOD_OUT_OF_RANGE, RIGHT_MISSING.
 */
export async function changeSettings(
  context: FleetContext,
  principal: Principal,
  wish: SettingsWish,
): Promise<ChangeEffect> {
  const seconds = wish.set.heartbeatSeconds;
  if (seconds !== undefined && (seconds < HEARTBEAT_SECONDS_MIN || seconds > HEARTBEAT_SECONDS_MAX))
    throw new AppError('HEARTBEAT_PERIOD_OUT_OF_RANGE', {
      seconds,
      min: HEARTBEAT_SECONDS_MIN,
      max: HEARTBEAT_SECONDS_MAX,
    });
  return context.store.transaction(async (tx) => {
    if (!wish.dryRun) await lockTree(tx);
    const before = await readGroupTree(tx);
    const group = requireGroup(before, principal, wish.id);
    await requireUnchangedGroup(tx, group, wish.precondition);
    for (const name of SETTING_NAMES)
      if (wish.set[name] !== undefined) requireUnlocked(before, group.id, name);
    const { set, unset, lock, unlock } = wish;
    const touched = [
      ...SETTING_NAMES.filter((name) => set[name] !== undefined),
      ...unset,
      ...lock,
      ...unlock,
    ];
    requireSecurityRightFor(principal, group.id, touched);
    const changed = wishedGroup(before, group, wish, context);
    requireMayKeep(principal, group.id, {
      before: group.values,
      after: stillOff(changed.values, context.clock.nowMs()),
      ofDomain: before.valuesOfDomain(context.settings),
    });
    const trees = { before, after: before.with(group.id, changed), groups: before.below(group.id) };
    const effect = await effectOfTrees(tx, principal, trees, context.settings);
    const changes = changesOf(shownOf(group), shownOf(changed));
    if (wish.dryRun || Object.keys(changes.after).length === 0) return effect;
    const stored = await storeGroup(context, tx, before, changed);
    await auditGroup(context, tx, principal, wish.act ?? 'change-group', stored, {
      ...changes,
      hosts: effect.hosts,
    });
    return effect;
  });
}

const shownOf = ({ values, locked, ownSinceMs }: StoredGroup): Record<string, unknown> => ({
  ...values,
  locked: [...locked],
  inherits: ownSinceMs === null,
});

/** Without a switch-off that has come to its end: agents have ended it by themselves. */
function stillOff({ verification, ...values }: OwnValues, nowMs: number): OwnValues {
  return verification === undefined || !isOffAt(verification, nowMs) ? values : { ...values, verification };
}

function wishedGroup(
  tree: GroupTree,
  group: StoredGroup,
  wish: SettingsWish,
  { clock, settings }: FleetContext,
): StoredGroup {
  const stops = wish.inherits === false && group.ownSinceMs === null;
  const values: OwnValues = {
    ...(stops ? inherited(tree, group.id, settings) : {}),
    ...group.values,
    ...wish.set,
  };
  for (const name of wish.unset) delete values[name];
  const locked = new Set([...group.locked, ...wish.lock]);
  for (const name of wish.unlock) locked.delete(name);
  return {
    ...group,
    values,
    locked: SETTING_NAMES.filter((name) => locked.has(name)),
    ownSinceMs: stops ? clock.nowMs() : wish.inherits === true ? null : group.ownSinceMs,
  };
}

/** What a group has from groups above; what nobody set stays so. */
function inherited(tree: GroupTree, id: GroupId, defaults: SettingDefaults): OwnValues {
  const effective = tree.settingsOf(id, defaults);
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const { value, origin } = effective[name];
      return name === 'plans' || origin.kind === 'default' ? [] : [[name, value]];
    }),
  );
}
