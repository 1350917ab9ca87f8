import { z } from 'zod';
import { GROUP_NAME_LENGTH_MAX, GROUPS_MAX, GROUPS_PER_EFFECT_MAX, PREVIEW_HOSTS_MAX } from '../limits.ts';
import {
  GROUP_SETTINGS,
  ownValues,
  settingName,
  settingOrigin,
  SETTING_NAMES,
  type SettingName,
} from './group-settings.ts';
import { route } from './route.ts';
import { count, epochMs, groupId, hostId, listId, planId, serial } from './scalars.ts';

/** A node of the path: a group or a server above the domain. */
const nodeOrigin = z.discriminatedUnion('kind', [settingOrigin.options[0], settingOrigin.options[1]]);
const effective = <Value extends z.ZodType>(value: Value) =>
  z.object({
    value,
    origin: settingOrigin,
    /** Which node above locked it; null: the group may set it. */
    lockedBy: nodeOrigin.nullable(),
    /** What others on the path set, nearest first: it does not count here. */
    overridden: z.array(z.object({ origin: nodeOrigin, value })),
  });

/** F-01 What holds for a group, setting by setting, and why. */
export const effectiveView = z.object({
  heartbeatSeconds: effective(GROUP_SETTINGS.heartbeatSeconds),
  mode: effective(GROUP_SETTINGS.mode),
  list: effective(GROUP_SETTINGS.list),
  plans: effective(GROUP_SETTINGS.plans),
  verification: effective(GROUP_SETTINGS.verification),
  staleCrl: effective(GROUP_SETTINGS.staleCrl),
  crlRefreshSeconds: effective(GROUP_SETTINGS.crlRefreshSeconds),
  mapNames: effective(GROUP_SETTINGS.mapNames),
} satisfies Readonly<Record<SettingName, z.ZodType>>);
export type EffectiveView = z.infer<typeof effectiveView>;

const groupRef = z.object({ id: groupId, name: z.string() });

export const groupView = z.object({
  id: groupId,
  name: z.string(),
  /** Names from the root to this group. */
  path: z.array(z.string()),
  /** Null: the root. */
  parentId: groupId.nullable(),
  inherits: z.boolean(),
  /** Since when it inherits nothing that is not locked above. */
  ownSinceMs: epochMs.nullable(),
  values: ownValues,
  /** What those below it cannot set. */
  locked: z.array(settingName),
  /** Goes up with every change. */
  revision: count,
  /** Hosts in it, without those of groups below. */
  hosts: count,
  /** Groups directly below. */
  groups: count,
  createdAtMs: epochMs,
  changedAtMs: epochMs,
});
export type GroupView = z.infer<typeof groupView>;

/** Lists by name, as far as the reply speaks of them. */
const listNames = z.array(z.object({ id: listId, name: z.string() }));
export const groupDetail = groupView.extend({ effective: effectiveView, lists: listNames });
export type GroupDetail = z.infer<typeof groupDetail>;

const anyValue = z.union(SETTING_NAMES.map((name) => GROUP_SETTINGS[name]));

/** What a change does to the hosts of one group; the values are those of `GROUP_SETTINGS`. */
export const groupEffect = z.object({
  group: groupRef,
  hosts: count,
  settings: z.array(z.object({ setting: settingName, from: anyValue, to: anyValue })),
  /** Plans that cover its hosts afterwards or no longer: names, and how many more that the caller may not see. */
  plansGained: z.array(z.string()),
  plansLost: z.array(z.string()),
  otherPlans: count,
});
/** F-01 What a change does, before it is made and after. */
export const changeEffect = z.object({
  /** Hosts that would have other settings, another list, or other plans; the first of them by name. */
  hosts: count,
  named: z.array(z.string()).max(PREVIEW_HOSTS_MAX),
  groups: z.array(groupEffect).max(GROUPS_PER_EFFECT_MAX),
  /** Groups beyond those. */
  moreGroups: count,
  lists: listNames,
});
export type ChangeEffect = z.infer<typeof changeEffect>;
export type GroupEffect = z.infer<typeof groupEffect>;

/** Set and taken back here; lists and verification have routes and rights of their own. */
export const DIRECT_SETTINGS = [
  'heartbeatSeconds',
  'mode',
  'plans',
  'staleCrl',
  'crlRefreshSeconds',
  'mapNames',
] as const;
export type DirectSetting = (typeof DIRECT_SETTINGS)[number];
const directSetting = z.enum(DIRECT_SETTINGS);

const params = z.object({ id: groupId });
/** With `dryRun` nothing is changed, and the reply says what would be. */
const dryRun = z.boolean().default(false);
const name = z.string().min(1).max(GROUP_NAME_LENGTH_MAX);
const changed = z.object({ group: groupDetail, effect: changeEffect });

export const listGroups = route({
  method: 'GET',
  path: '/v1/groups',
  right: 'group.read',
  scope: 'group',
  /** All within reach, parents before those below them. */
  reply: z.object({ groups: z.array(groupView).max(GROUPS_MAX) }),
});
export const getGroup = route({
  method: 'GET',
  path: '/v1/groups/:id',
  right: 'group.read',
  scope: 'group',
  params,
  reply: groupDetail,
});
export const createGroup = route({
  method: 'POST',
  path: '/v1/groups',
  right: 'group.write',
  scope: 'group',
  body: z.object({ name, parentId: groupId }),
  reply: groupDetail,
});
export const renameGroup = route({
  method: 'PUT',
  path: '/v1/groups/:id/name',
  right: 'group.write',
  scope: 'group',
  params,
  body: z.object({ name }),
  reply: groupDetail,
});
/** Under another group, with all that is below it. */
export const moveGroup = route({
  method: 'PUT',
  path: '/v1/groups/:id/parent',
  right: 'group.write',
  scope: 'group',
  params,
  body: z.object({ parentId: groupId, dryRun }),
  reply: changed,
});
/**
 * Sets, takes back, locks and unlocks settings, and says whether the group inherits. A group that stops inheriting keeps as its own what
 * it has at that moment. Lists are assigned with the routes of management server lists. Settings of `SECURITY_SETTINGS` need `security.write`
 * in the group, too, and in the whole domain for what is looser than what comes from above.
 */
export const changeGroupSettings = route({
  method: 'PUT',
  path: '/v1/groups/:id/settings',
  right: 'group.write',
  scope: 'group',
  params,
  body: z.object({
    set: ownValues.omit({ list: true, verification: true }).default({}),
    unset: z.array(directSetting).max(SETTING_NAMES.length).default([]),
    lock: z.array(settingName).max(SETTING_NAMES.length).default([]),
    unlock: z.array(settingName).max(SETTING_NAMES.length).default([]),
    inherits: z.boolean().optional(),
    dryRun,
  }),
  reply: changed,
});
/** Refused while it has hosts or groups below, or while plans or administrators name it. */
export const deleteGroup = route({
  method: 'DELETE',
  path: '/v1/groups/:id',
  right: 'group.write',
  scope: 'group',
  params,
  reply: z.object({ deleted: groupId }),
});
/** The policy of a group's hosts: what is in it, where that comes from, and who holds it. */
export const getGroupPolicy = route({
  method: 'GET',
  path: '/v1/groups/:id/policy',
  right: 'group.read',
  scope: 'group',
  params,
  reply: z.object({
    group: groupRef.extend({ path: z.array(z.string()) }),
    /** Zero: none was signed yet. */
    serial,
    effective: effectiveView,
    lists: listNames,
    plans: z.array(
      z.object({
        id: planId,
        name: z.string(),
        /** By which groups it came; empty: its hosts are named one by one. */
        from: z.array(groupRef),
        /** Hosts of this group that it covers. */
        hosts: count,
      }),
    ),
    /** Plans that the caller may not see. */
    otherPlans: count,
    hosts: count,
    /** Hosts that confirmed the newest policy. */
    holding: count,
    behind: z.array(z.object({ id: hostId, name: z.string(), serial })).max(PREVIEW_HOSTS_MAX),
  }),
});
export type GroupPolicy = z.infer<typeof getGroupPolicy.reply>;
/** Into another group: it gets that group's policy and list. The right must reach both groups. */
export const moveHost = route({
  method: 'PUT',
  path: '/v1/hosts/:id/group',
  right: 'group.write',
  scope: 'group',
  params: z.object({ id: hostId }),
  body: z.object({ groupId, dryRun }),
  reply: z.object({ hostId, from: groupRef, to: groupRef, effect: changeEffect }),
});
