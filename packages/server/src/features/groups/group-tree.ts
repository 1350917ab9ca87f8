import type { GroupId, ListId } from '@sekisho/core/ids.ts';
import {
  effectiveSettings,
  planSources,
  type EffectiveSettings,
  type SettingNode,
} from '@sekisho/core/rules/inheritance.ts';
import { crlRefreshSeconds, staleCrl } from '@sekisho/core/rules/revocation.ts';
import { VERIFICATION_ON } from '@sekisho/core/rules/verification.ts';
import {
  ownValues,
  settingName,
  type OwnValues,
  type SettingName,
  type SettingValues,
} from '@sekisho/core/wire/group-settings.ts';
import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import { z } from 'zod';
import type { DbOrTx } from '../../store/tables.ts';
import { findDefaultList } from '../domain/default-list.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { storedGroupId } from '../fleet/stored-ids.ts';
import { readSecuritySettings } from '../security/read-security-settings.ts';

/** A group as it is stored. */
export interface StoredGroup {
  readonly id: GroupId;
  /** Null: the root. */
  readonly parentId: GroupId | null;
  readonly name: string;
  /** What it sets by itself. */
  readonly values: OwnValues;
  /** What those below it cannot set. */
  readonly locked: readonly SettingName[];
  /** Since when it inherits nothing that is not locked; null: it inherits. */
  readonly ownSinceMs: number | null;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What the domain itself says, and groups have that set nothing. */
export interface DomainDefaults {
  /** The list that installations fill. */
  readonly list: ListId | undefined;
  readonly security: SecuritySettings;
}

/** F-01 All groups of the domain, and what holds for each of them. Answers are kept: a tree never changes, `with` gives another. */
export class GroupTree {
  readonly #groups: ReadonlyMap<GroupId, StoredGroup>;
  readonly #domain: DomainDefaults;
  readonly #children = new Map<GroupId | null, GroupId[]>();
  readonly #sources = new Map<GroupId, ReadonlySet<string>>();

  constructor(groups: Iterable<StoredGroup>, domain: DomainDefaults) {
    this.#groups = new Map([...groups].map((group) => [group.id, group]));
    this.#domain = domain;
    for (const { id, parentId } of this.#groups.values()) {
      const siblings = this.#children.get(parentId);
      if (siblings === undefined) this.#children.set(parentId, [id]);
      else siblings.push(id);
    }
  }

  get size(): number {
    return this.#groups.size;
  }

  groups(): IterableIterator<StoredGroup> {
    return this.#groups.values();
  }

  get(id: GroupId): StoredGroup | undefined {
    return this.#groups.get(id);
  }

  /** The same tree with one group as it would be, or without it. */
  with(id: GroupId, group: StoredGroup | undefined): GroupTree {
    const groups = new Map(this.#groups);
    if (group === undefined) groups.delete(id);
    else groups.set(id, group);
    return new GroupTree(groups.values(), this.#domain);
  }

  childrenOf(id: GroupId): readonly GroupId[] {
    return this.#children.get(id) ?? [];
  }

  /** A group and those above it, nearest first; of one that is not there: nothing. */
  path(id: GroupId): StoredGroup[] {
    const path: StoredGroup[] = [];
    let group = this.#groups.get(id);
    // a circle would be damage, and must not hang the server
    while (group !== undefined && path.length <= this.#groups.size) {
      path.push(group);
      group = group.parentId === null ? undefined : this.#groups.get(group.parentId);
    }
    return path;
  }

  /** The names from the root to a group. */
  namesOf(id: GroupId): string[] {
    return this.path(id)
      .map(({ name }) => name)
      .reverse();
  }

  /** A group with all groups under it; of one that is not there: nothing. */
  below(id: GroupId): ReadonlySet<GroupId> {
    const below = new Set<GroupId>();
    const open = this.#groups.has(id) ? [id] : [];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (below.has(next)) continue;
      below.add(next);
      open.push(...this.childrenOf(next));
    }
    return below;
  }

  /** What holds for a group, and why. `defaults`: what the server's configuration says. */
  settingsOf(id: GroupId, defaults: SettingDefaults): EffectiveSettings {
    return effectiveSettings(this.#nodes(id), this.valuesOfDomain(defaults));
  }

  /** What holds for a group that nobody sets anything for: the security options are those of the whole domain. */
  valuesOfDomain({ heartbeatSeconds, mode }: SettingDefaults): SettingValues {
    const { level, staleCrl: choice, mapAutomatically } = this.#domain.security;
    return {
      heartbeatSeconds,
      mode,
      list: this.#needDefaultList(),
      plans: 'inherited',
      verification: VERIFICATION_ON,
      staleCrl: staleCrl(level, choice),
      crlRefreshSeconds: crlRefreshSeconds(level),
      mapNames: mapAutomatically ? 'on' : 'off',
    };
  }

  /** The management server list of a group's hosts. */
  listOf(id: GroupId): ListId | undefined {
    if (this.#domain.list === undefined) return undefined;
    return this.settingsOf(id, NO_DEFAULTS).list.value;
  }

  /** Do plans of the one group cover the hosts of the other? */
  handsPlansTo(from: GroupId, id: GroupId): boolean {
    let sources = this.#sources.get(id);
    if (sources === undefined) {
      sources = new Set(planSources(this.#nodes(id)).map((origin) => origin.id));
      this.#sources.set(id, sources);
    }
    return sources.has(from);
  }

  #nodes(id: GroupId): SettingNode[] {
    return this.path(id).map((group) => ({
      origin: { kind: 'group', id: group.id, name: group.name },
      inherits: group.ownSinceMs === null,
      values: group.values,
      locked: group.locked,
    }));
  }

  #needDefaultList(): ListId {
    if (this.#domain.list === undefined) throw new Error('the domain has no default list');
    return this.#domain.list;
  }
}

/** What the configuration says of settings that no group sets. */
export type SettingDefaults = Pick<FleetSettings, 'heartbeatSeconds' | 'mode'>;
/** For a setting that has nothing to do with the configuration. */
const NO_DEFAULTS: SettingDefaults = { heartbeatSeconds: 300, mode: 'push' };

/** Reads the tree of groups: a domain has at most GROUPS_MAX. */
export async function readGroupTree(db: DbOrTx): Promise<GroupTree> {
  const rows = await db
    .selectFrom('groups')
    .select([
      'id',
      'parent_id',
      'name',
      'settings',
      'locked',
      'own_since_ms',
      'revision',
      'created_at_ms',
      'changed_at_ms',
    ])
    .execute();
  const groups = rows.map((row): StoredGroup => ({
    id: storedGroupId(row.id),
    parentId: row.parent_id === null ? null : storedGroupId(row.parent_id),
    name: row.name,
    values: row.settings === '{}' ? {} : ownValues.parse(JSON.parse(row.settings)),
    locked: row.locked === '[]' ? [] : storedLocks.parse(JSON.parse(row.locked)),
    ownSinceMs: row.own_since_ms,
    revision: row.revision,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  }));
  return new GroupTree(groups, {
    list: await findDefaultList(db),
    security: await readSecuritySettings(db),
  });
}

const storedLocks = z.array(settingName);
