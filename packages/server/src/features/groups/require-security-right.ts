import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { reaches, reachOf, type Principal, type Reach } from '@sekisho/core/rules/rights.ts';
import { isLooser, mayChange, type SecurityReach } from '@sekisho/core/rules/strictness.ts';
import {
  SECURITY_SETTINGS,
  type OwnValues,
  type SecuritySettingName,
  type SettingName,
  type SettingValues,
} from '@sekisho/core/wire/group-settings.ts';
import type { GroupTree, SettingDefaults } from './group-tree.ts';

const RIGHT = 'security.write';

/**
 * F-01, F-20 Whatever makes hosts less strict needs the right to decide about security, also a move, a lock or inheritance, and also in a
 * group that is still empty. @throws AppError RIGHT_MISSING
 */
export function requireSecurityRight(
  principal: Principal,
  change: {
    readonly before: GroupTree;
    readonly after: GroupTree;
    readonly places: Iterable<{ readonly before: GroupId; readonly after: GroupId }>;
  },
  defaults: SettingDefaults,
): void {
  const reach = reachOf(principal, RIGHT);
  if (reach === 'domain') return;
  const { before, after } = change;
  for (const place of change.places) {
    const had = before.settingsOf(place.before, defaults);
    const gets = after.settingsOf(place.after, defaults);
    const floors = [
      fromAbove(before, place.before, reach, defaults),
      fromAbove(after, place.after, reach, defaults),
    ];
    const may = <Name extends SecuritySettingName>(name: Name): boolean =>
      mayChange(
        name,
        { from: had[name].value, to: gets[name].value, floors: floors.map((floor) => floor[name]) },
        reachOver(reach, place.after),
      );
    if (!SECURITY_SETTINGS.every((name) => may(name))) refuseRight();
  }
}

/**
 * F-01 To set, take back, lock or unlock what decides about trust needs the right for that in the group, whatever comes of it; verification
 * has routes of its own, which ask for it. @throws AppError RIGHT_MISSING
 */
export function requireSecurityRightFor(
  principal: Principal,
  id: GroupId,
  names: readonly SettingName[],
): void {
  const touched = names.some((name) => name !== 'verification' && isSecuritySetting(name));
  if (touched && !reaches(reachOf(principal, RIGHT), id)) refuseRight();
}

/**
 * F-01, F-20 A group that stops inheriting keeps as its own what it had from above, and would stay as loose when that is made stricter there:
 * what is looser than the domain needs the right for security. @throws AppError RIGHT_MISSING
 */
export function requireMayKeep(
  principal: Principal,
  id: GroupId,
  values: { readonly before: OwnValues; readonly after: OwnValues; readonly ofDomain: SettingValues },
): void {
  const keepsLoose = <Name extends SecuritySettingName>(name: Name): boolean => {
    const kept = values.after[name] as SettingValues[Name] | undefined; // a partial of the same types
    if (kept === undefined || kept === values.before[name]) return false;
    return isLooser(name, kept, values.ofDomain[name]);
  };
  if (SECURITY_SETTINGS.some((name) => keepsLoose(name)) && !reaches(reachOf(principal, RIGHT), id))
    refuseRight();
}

const isSecuritySetting = (name: SettingName): boolean =>
  SECURITY_SETTINGS.some((security) => security === name);

const reachOver = (reach: Exclude<Reach, 'domain'>, id: GroupId): SecurityReach =>
  reaches(reach, id) ? 'group' : 'nowhere';

/** What a group would have if no group within the reach said anything. */
function fromAbove(
  tree: GroupTree,
  id: GroupId,
  reach: Exclude<Reach, 'domain'>,
  defaults: SettingDefaults,
): SettingValues {
  const outside = tree.path(id).find((group) => !reaches(reach, group.id));
  if (outside === undefined) return tree.valuesOfDomain(defaults);
  const settings = tree.settingsOf(outside.id, defaults);
  return Object.fromEntries(
    Object.entries(settings).map(([name, { value }]) => [name, value]),
  ) as SettingValues; // each name got the value of its own type
}

function refuseRight(): never {
  throw new AppError('RIGHT_MISSING', { right: RIGHT });
}
