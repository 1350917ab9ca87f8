import { z } from 'zod';
import { CRL_REFRESH_SECONDS_MAX, CRL_REFRESH_SECONDS_MIN } from '../limits.ts';
import { groupId, listId, serverId } from './scalars.ts';
import { verificationSetting } from './verification.ts';

/**
 * F-01 Every setting of a group, with its type: one table. A group has a value of its own for it or takes it from above; see
 * `rules/inheritance` for which. What a setting is when nobody set it stands in `SettingDefaults` of the server.
 */
export const GROUP_SETTINGS = {
  /** F-02: seconds between two heartbeats. Administrators may set 10 s to 24 h; simulations go lower. */
  heartbeatSeconds: z.int().min(1).max(86_400),
  /** F-03: `push` keeps a channel open, `pull` has heartbeats only. */
  mode: z.enum(['push', 'pull']),
  /** F-10: the management server list. */
  list: listId,
  /** Whether plans of the groups above cover the hosts of this group, too. It is of one group alone: those below have their own. */
  plans: z.enum(['inherited', 'own']),
  /** F-20: whether agents verify their management server. Switched by routes of its own: it has an end. */
  verification: verificationSetting,
  /** T-42: what hosts do with peers while their revocation list is past its end: `closed` refuses them. */
  staleCrl: z.enum(['open', 'closed']),
  /** T-41: seconds between two looks at the revocation lists. */
  crlRefreshSeconds: z.int().min(CRL_REFRESH_SECONDS_MIN).max(CRL_REFRESH_SECONDS_MAX),
  /** T-31: whether a free name under which a host of the group was met is mapped to it by itself. */
  mapNames: z.enum(['on', 'off']),
} as const;

/** Settings that decide whom hosts trust: who changes them needs the right for security, too. See `rules/strictness` for how much of it. */
export const SECURITY_SETTINGS = ['verification', 'staleCrl', 'crlRefreshSeconds', 'mapNames'] as const;
export type SecuritySettingName = (typeof SECURITY_SETTINGS)[number];

/** Values for all settings. */
export const settingValues = z.object(GROUP_SETTINGS);
export type SettingValues = z.infer<typeof settingValues>;
export type SettingName = keyof SettingValues;
export const SETTING_NAMES = Object.keys(GROUP_SETTINGS) as [SettingName, ...SettingName[]];
export const settingName = z.enum(SETTING_NAMES);

/** What people write and read for each setting: on the command line and in refusals. */
export const SETTING_KEYS: Readonly<Record<SettingName, string>> = {
  heartbeatSeconds: 'heartbeat',
  mode: 'mode',
  list: 'list',
  plans: 'plans',
  verification: 'verification',
  staleCrl: 'stale-crl',
  crlRefreshSeconds: 'crl-refresh',
  mapNames: 'map-names',
};

/** What one group sets by itself. */
export const ownValues = settingValues.partial();
export type OwnValues = z.infer<typeof ownValues>;

/** Where a value comes from: a group, a server above the domain, or nobody set it. */
export const settingOrigin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('group'), id: groupId, name: z.string() }),
  z.object({ kind: z.literal('server'), id: serverId, name: z.string() }),
  z.object({ kind: z.literal('default') }),
]);
export type SettingOrigin = z.infer<typeof settingOrigin>;
