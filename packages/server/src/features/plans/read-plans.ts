import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, HostId, PlanId } from '@sekisho/core/ids.ts';
import { planSpec, type PlanSpec } from '@sekisho/core/wire/plans.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { hostsOfApplications } from '../applications/application-rows.ts';
import { hostsOfGroups, findHosts, type FleetHost } from '../fleet/read-hosts.ts';
import { storedPlanId } from '../fleet/stored-ids.ts';
import type { GroupTree } from '../groups/group-tree.ts';

/** A plan as it is stored; the targets of one of an application are the hosts that its mapping has now (T-34). */
export interface StoredPlan {
  readonly id: PlanId;
  readonly spec: PlanSpec;
  readonly revision: number;
  /** Since when its schedules and targets are as they are: nothing is expected of the time before. */
  readonly enabledSinceMs: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly deletedAtMs: number | null;
}

const COLUMNS = [
  'id',
  'spec',
  'revision',
  'enabled_since_ms',
  'created_at_ms',
  'changed_at_ms',
  'deleted_at_ms',
] as const;

/** Plans that exist, by name. */
export async function listStoredPlans(db: DbOrTx): Promise<StoredPlan[]> {
  const rows = await db
    .selectFrom('plans')
    .select(COLUMNS)
    .where('deleted_at_ms', 'is', null)
    .orderBy('name')
    .execute();
  return plansOf(db, rows);
}

/** Does this plan, a deleted one too, protect an application? */
export async function isOfApplication(db: DbOrTx, id: PlanId): Promise<boolean> {
  const row = await selectVirtualName.first(db, { id });
  return row !== undefined && row.virtual_name !== null;
}

const selectVirtualName = prepared((db, wish: { id: PlanId }) =>
  db.selectFrom('plans').select('virtual_name').where('id', '=', wish.id),
);

/** The plans that exist and protect a virtual name. */
export const plansOfApplication = async (db: DbOrTx, name: string): Promise<StoredPlan[]> =>
  plansOf(
    db,
    await db
      .selectFrom('plans')
      .select(COLUMNS)
      .where('virtual_name', '=', name)
      .where('deleted_at_ms', 'is', null)
      .orderBy('name')
      .execute(),
  );

/** How many plans that exist protect each of these virtual names. */
export async function countPlansOf(db: DbOrTx, names: readonly string[]): Promise<Map<string, number>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom('plans')
    .select((select) => ['virtual_name', select.fn.countAll<number>().as('count')])
    .where('deleted_at_ms', 'is', null)
    .where('virtual_name', 'is not', null)
    .groupBy('virtual_name')
    .execute();
  return new Map(rows.map((row) => [row.virtual_name ?? '', Number(row.count)]));
}

/** A plan, a deleted one too, or undefined. */
export async function findStoredPlan(db: DbOrTx, id: PlanId): Promise<StoredPlan | undefined> {
  const row = await db.selectFrom('plans').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : (await plansOf(db, [row]))[0];
}

/** A plan that exists. @throws AppError NOT_FOUND */
export async function getStoredPlan(db: DbOrTx, id: PlanId): Promise<StoredPlan> {
  const plan = await findStoredPlan(db, id);
  if (plan === undefined || plan.deletedAtMs !== null) throw new AppError('NOT_FOUND', { what: 'plan', id });
  return plan;
}

/** Does a plan cover all hosts of this group: by naming it, or one above whose plans reach it (F-01)? */
export const coversGroup = (spec: PlanSpec, tree: GroupTree, groupId: GroupId): boolean =>
  spec.targets.groups.some((target) => tree.handsPlansTo(target, groupId));

/** The groups all of whose hosts a plan covers. */
export const groupsCovered = (spec: PlanSpec, tree: GroupTree): GroupId[] =>
  spec.targets.groups.length === 0
    ? []
    : [...tree.groups()].filter(({ id }) => coversGroup(spec, tree, id)).map(({ id }) => id);

/** Does a plan cover this host? */
export const coversHost = (
  spec: PlanSpec,
  tree: GroupTree,
  host: Pick<FleetHost, 'id' | 'groupId' | 'isServer'>,
): boolean =>
  !host.isServer && (spec.targets.hosts.includes(host.id) || coversGroup(spec, tree, host.groupId));

/** The hosts that a plan covers at present, by name, each once. */
export async function coveredHosts(db: DbOrTx, spec: PlanSpec, tree: GroupTree): Promise<FleetHost[]> {
  const whole = groupsCovered(spec, tree);
  const hosts = new Map<HostId, FleetHost>();
  for (const host of await hostsOfGroups(db, whole)) hosts.set(host.id, host);
  for (const host of await findHosts(db, spec.targets.hosts)) hosts.set(host.id, host);
  return [...hosts.values()].filter((host) => !host.isServer).sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface PlanRow {
  readonly id: string;
  readonly spec: string;
  readonly revision: number;
  readonly enabled_since_ms: number;
  readonly created_at_ms: number;
  readonly changed_at_ms: number;
  readonly deleted_at_ms: number | null;
}

async function plansOf(db: DbOrTx, rows: readonly PlanRow[]): Promise<StoredPlan[]> {
  const plans = rows.map((row) => ({ row, spec: planSpec.parse(JSON.parse(row.spec)) }));
  const names = plans.flatMap(({ spec }) => spec.application?.virtualName ?? []);
  const mapped = names.length === 0 ? new Map<string, HostId[]>() : await hostsOfApplications(db, names);
  return plans.map(({ row, spec }) =>
    planOf(
      row,
      spec.application === null
        ? spec
        : { ...spec, targets: { hosts: mapped.get(spec.application.virtualName) ?? [], groups: [] } },
    ),
  );
}

function planOf(row: PlanRow, spec: PlanSpec): StoredPlan {
  return {
    id: storedPlanId(row.id),
    spec,
    revision: row.revision,
    enabledSinceMs: row.enabled_since_ms,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
    deletedAtMs: row.deleted_at_ms,
  };
}
