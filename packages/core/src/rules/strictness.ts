import type { SecuritySettingName, SettingValues } from '../wire/group-settings.ts';

/** How far somebody's right to decide about security goes, over one group. */
export type SecurityReach = 'domain' | 'group' | 'nowhere';

/** A change of one security setting for the hosts of a group. */
export interface SecurityChange<Name extends SecuritySettingName> {
  readonly from: SettingValues[Name];
  readonly to: SettingValues[Name];
  /** What those hosts would have, before and after, if no group within the reach said anything: the word of those above it. */
  readonly floors: readonly SettingValues[Name][];
}

/**
 * F-01 May somebody bring that change about, by setting it or by a move, a lock or inheritance? Nobody needs a right to be stricter by what
 * others decided. What becomes looser needs the right for security there, and no administrator of a part of the tree goes below what comes
 * from above that part. Verification is switched off by an order with an end of its own (F-20): there the right in the group is enough.
 */
export function mayChange<Name extends SecuritySettingName>(
  name: Name,
  { from, to, floors }: SecurityChange<Name>,
  reach: SecurityReach,
): boolean {
  if (reach === 'domain' || !isLooser(name, to, from)) return true;
  if (reach === 'nowhere') return false;
  return name === 'verification' || !floors.some((floor) => isLooser(name, to, floor));
}

/** Does a value leave more open than another? */
export const isLooser = <Name extends SecuritySettingName>(
  name: Name,
  value: SettingValues[Name],
  than: SettingValues[Name],
): boolean => LOOSER[name](value, than);

const LOOSER: {
  readonly [Name in SecuritySettingName]: (value: SettingValues[Name], than: SettingValues[Name]) => boolean;
} = {
  verification: (value, than) =>
    value.state === 'off' &&
    // another switch-off is one that agents have not ended yet
    !(than.state === 'off' && than.sinceMs === value.sinceMs && than.untilMs >= value.untilMs),
  staleCrl: (value, than) => value === 'open' && than === 'closed',
  crlRefreshSeconds: (value, than) => value > than,
  mapNames: (value, than) => value === 'on' && than === 'off',
};
