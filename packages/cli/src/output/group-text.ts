import { fill } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import {
  SETTING_KEYS,
  SETTING_NAMES,
  type SettingName,
  type SettingOrigin,
} from '@sekisho/core/wire/group-settings.ts';
import type { ChangeEffect, EffectiveView, GroupDetail, GroupView } from '@sekisho/core/wire/groups.ts';
import type { Cli } from '../cli.ts';
import { renderPairs, renderTable } from './table.ts';

/** Names of lists by their ID, as replies bring them along. */
type ListNames = readonly { readonly id: string; readonly name: string }[];

/** `All hosts/Tokyo/Web`. */
export const pathText = (path: readonly string[]): string => path.join('/');

/** A setting's value as people read it: `5 min`, `push`, a list by its name. */
export function settingText(cli: Cli, name: SettingName, value: unknown, lists: ListNames): string {
  if (typeof value === 'number') return cli.format.duration(value * SECOND_MS);
  if (name === 'mapNames') return cli.format.onOff(value === 'on');
  if (typeof value === 'object' && value !== null) {
    return 'untilMs' in value && typeof value.untilMs === 'number'
      ? fill(cli.words.groups.verificationOff, { until: cli.format.timeWithZone(value.untilMs) })
      : cli.words.labels.on;
  }
  return lists.find(({ id }) => id === value)?.name ?? String(value);
}

/** Where a value comes from: a group's name, a server above, or that nobody set it. */
export const originText = (cli: Cli, origin: SettingOrigin): string =>
  origin.kind === 'group'
    ? origin.name
    : origin.kind === 'server'
      ? fill(cli.words.groups.ofServer, { name: origin.name })
      : cli.words.groups.byDefault;

/** One line a setting: value, where it comes from, who locked it, what does not count for that. */
export function effectiveText(
  cli: Cli,
  effective: EffectiveView,
  { lists, locked = [] }: { lists: ListNames; locked?: readonly SettingName[] },
): string[] {
  const { groups } = cli.words;
  return renderTable(
    [groups.setting, groups.value, groups.origin, groups.lock].map((title) => ({ title })),
    SETTING_NAMES.map((name) => {
      const { value, origin, lockedBy, overridden } = effective[name];
      const ignored = overridden.map((other) =>
        fill(groups.ignored, {
          origin: originText(cli, other.origin),
          value: settingText(cli, name, other.value, lists),
        }),
      );
      const lock = [
        ...(lockedBy === null ? [] : [fill(groups.lockedBy, { name: originText(cli, lockedBy) })]),
        ...(locked.includes(name) ? [groups.locksBelow] : []),
        ...(lockedBy === null ? [] : ignored),
      ];
      return [
        SETTING_KEYS[name],
        settingText(cli, name, value, lists),
        originText(cli, origin),
        lock.join(', '),
      ];
    }),
  );
}

/** `heartbeat=5 min, mode=pull`. */
export const ownText = (cli: Cli, group: GroupView, lists: ListNames): string =>
  SETTING_NAMES.flatMap((name) =>
    group.values[name] === undefined
      ? []
      : [`${SETTING_KEYS[name]}=${settingText(cli, name, group.values[name], lists)}`],
  ).join(', ');

/** `heartbeat, mode`. */
export const lockedText = (locked: readonly SettingName[]): string =>
  locked.map((name) => SETTING_KEYS[name]).join(', ');

/** Everything about a group. */
export function groupDetailText(cli: Cli, group: GroupDetail): string[] {
  const { groups, labels } = cli.words;
  return [
    ...renderPairs([
      [labels.name, group.name],
      [groups.path, pathText(group.path)],
      [labels.id, group.id],
      [groups.hosts, cli.format.count(group.hosts)],
      [
        groups.inherits,
        group.ownSinceMs === null
          ? labels.yes
          : fill(groups.inheritsNot, { at: cli.format.timeWithZone(group.ownSinceMs) }),
      ],
      [labels.revision, cli.format.count(group.revision)],
    ]),
    '',
    ...effectiveText(cli, group.effective, group),
  ];
}

/** What a change does, group by group, and to which hosts first. */
export function effectText(cli: Cli, effect: ChangeEffect): string[] {
  const { groups } = cli.words;
  const { format } = cli;
  if (effect.hosts === 0) return [groups.effectNone];
  const more = effect.hosts - effect.named.length;
  const names = effect.named.slice(0, NAMES_SHOWN_MAX).join(', ');
  const hidden = more + Math.max(0, effect.named.length - NAMES_SHOWN_MAX);
  return [
    fill(groups.effectHosts, { hosts: format.counted('host', effect.hosts) }),
    ...effect.groups.flatMap(({ group, hosts, settings, plansGained, plansLost, otherPlans }) => [
      fill(groups.effectOfGroup, { name: group.name, hosts: format.counted('host', hosts) }),
      ...settings.map(({ setting, from, to }) =>
        fill(groups.effectSetting, {
          setting: SETTING_KEYS[setting],
          from: settingText(cli, setting, from, effect.lists),
          to: settingText(cli, setting, to, effect.lists),
        }),
      ),
      ...(plansGained.length === 0 ? [] : [fill(groups.effectGained, { plans: plansGained.join(', ') })]),
      ...(plansLost.length === 0 ? [] : [fill(groups.effectLost, { plans: plansLost.join(', ') })]),
      ...(otherPlans === 0 ? [] : [fill(groups.effectOtherPlans, { count: format.count(otherPlans) })]),
    ]),
    ...(effect.moreGroups === 0
      ? []
      : [fill(groups.effectMoreGroups, { count: format.count(effect.moreGroups) })]),
    hidden === 0
      ? fill(groups.effectNamed, { names })
      : fill(groups.effectNamedMore, { names, count: format.count(hidden) }),
  ];
}

/** Hosts that a preview in the terminal names. */
const NAMES_SHOWN_MAX = 10;
