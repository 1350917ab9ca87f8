import {
  SETTING_NAMES,
  type OwnValues,
  type SettingName,
  type SettingOrigin,
  type SettingValues,
} from '../wire/group-settings.ts';

/** Where a lock or a plan can sit: the default is nobody's. */
export type NodeOrigin = Exclude<SettingOrigin, { kind: 'default' }>;

/** A group, or a server above the domain, as its settings are decided from: the path is such nodes, nearest first. */
export interface SettingNode {
  readonly origin: NodeOrigin;
  /** False: it stopped inheriting, and takes from above only what is locked there. */
  readonly inherits: boolean;
  readonly values: OwnValues;
  /** What the nodes below it cannot set otherwise. */
  readonly locked: readonly SettingName[];
}

/** A setting as it is for the nearest node of a path. */
export interface Effective<Value> {
  readonly value: Value;
  readonly origin: SettingOrigin;
  /** The node above that locked it; null: this node may set it. */
  readonly lockedBy: NodeOrigin | null;
  /** Other nodes of the path that set it, nearest first: what they say does not count here. */
  readonly overridden: readonly { readonly origin: NodeOrigin; readonly value: Value }[];
}

export type EffectiveSettings = { readonly [Name in SettingName]: Effective<SettingValues[Name]> };

/**
 * F-01 What holds for the nearest node of a path, and why. The topmost lock of a setting wins over everything below it, also over a
 * group that stopped inheriting. Without a lock the nearest value counts, up to the first group that stopped inheriting.
 */
export function effectiveSettings(path: readonly SettingNode[], defaults: SettingValues): EffectiveSettings {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => [name, effectiveSetting(path, name, defaults[name])]),
  ) as EffectiveSettings; // each name got the value of its own type
}

function effectiveSetting<Name extends SettingName>(
  path: readonly SettingNode[],
  name: Name,
  byDefault: SettingValues[Name],
): Effective<SettingValues[Name]> {
  const lockAt = lockOf(path, name);
  // `plans` is of one group alone: a lock means that nobody below may keep the plans from above away
  const nodes = name === 'plans' ? (lockAt === -1 ? path.slice(0, 1) : []) : path.slice(Math.max(lockAt, 0));
  const source = nodes.slice(0, endOf(nodes)).find(({ values }) => values[name] !== undefined);
  const lockedBy = path[lockAt]?.origin ?? null;
  return {
    value: (source?.values[name] as SettingValues[Name] | undefined) ?? byDefault,
    origin: source?.origin ?? (name === 'plans' && lockedBy !== null ? lockedBy : { kind: 'default' }),
    lockedBy,
    overridden: (name === 'plans' ? path.slice(0, 1) : path).flatMap((node) => {
      const value = node.values[name] as SettingValues[Name] | undefined;
      return value === undefined || node === source ? [] : [{ origin: node.origin, value }];
    }),
  };
}

/** The nodes whose plans cover the nearest one: itself, and those above up to the first that keeps plans from above away. */
export function planSources(path: readonly SettingNode[]): NodeOrigin[] {
  const sources: NodeOrigin[] = [];
  const lockAt = lockOf(path, 'plans');
  for (const [at, { origin, inherits, values }] of path.entries()) {
    sources.push(origin);
    if (at >= lockAt && (!inherits || values.plans === 'own')) break;
  }
  return sources;
}

/** Where the topmost lock above the nearest node is; -1: nowhere. */
const lockOf = (path: readonly SettingNode[], name: SettingName): number =>
  path.findLastIndex(({ locked }, at) => at > 0 && locked.includes(name));

/** How many of these nodes hand something down to the first of them. */
function endOf(nodes: readonly SettingNode[]): number {
  const stop = nodes.findIndex(({ inherits }) => !inherits);
  return stop === -1 ? nodes.length : stop + 1;
}
