import { parseGroupId, parseHostId, parsePlanId, type GroupId, type HostId } from '@sekisho/core/ids.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { coveredHosts, coversHost, findStoredPlan, listStoredPlans } from '../plans/read-plans.ts';
import { ensureRepositories } from '../repositories/ensure-repositories.ts';
import { sealRepositories } from '../repositories/seal-repositories.ts';
import type { FleetContext } from './fleet-context.ts';
import { findHosts, hostsOfGroups, type FleetHost } from './read-hosts.ts';
import { refreshAssignments } from './refresh-assignments.ts';
import { refreshPolicies } from './refresh-policies.ts';

/** Changes that are followed in one transaction. */
export const CHANGES_PER_TRANSACTION_MAX = 200;
/** Hosts whose repositories are made in one transaction. */
export const HOSTS_PER_TRANSACTION_MAX = 200;
/** Counter row that holds how far the changes were followed. */
const CURSOR = 'fleet-documents.feed-seq';
/** Changes that concern nobody here are passed over, and written down only now and then. */
const CURSOR_LAG_MAX = 1_000;
const KINDS = ['host', 'settings', 'group', 'revocation', 'certificate', 'plan', 'legacy'] as const;

interface ChangeRow {
  readonly seq: number;
  readonly kind: string;
  readonly key: string;
}

/**
 * F-04 Follows the changes that hosts, certificates, revocations and settings make elsewhere: signs assignments and policies
 * anew, makes repositories that are needed, seals those of a compromised key. How far it came is written with it, so a
 * restart goes on where it was. Returns true when there may be more.
 */
export async function followChanges(
  context: FleetContext,
  fence: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  await prepareLargePlans(context, fence);
  await followGroups(context, fence);
  return context.store.transaction(async (tx) => {
    await fence(tx);
    const { rows, cursor, upTo, gap } = await nextChanges(tx);
    if (gap) await refreshEverything(context, tx);
    else await follow(context, tx, rows);
    if (gap || rows.length > 0 || upTo - cursor > CURSOR_LAG_MAX) await writeCursor(tx, upTo);
    return rows.length >= CHANGES_PER_TRANSACTION_MAX;
  });
}

async function follow(context: FleetContext, tx: Tx, rows: readonly ChangeRow[]): Promise<void> {
  if (rows.length === 0) return;
  const keysOf = (kind: string): string[] => rows.filter((row) => row.kind === kind).map((row) => row.key);
  for (const key of new Set(keysOf('revocation'))) await sealCompromised(context, tx, key);
  const ids = new Set<HostId>(keysOf('host').flatMap((key) => parseHostId(key) ?? []));
  const changed = [...ids];
  for (const id of await hostsOfCertificates(tx, keysOf('certificate'))) ids.add(id);
  const hosts = await findHosts(tx, [...ids]);
  await prepareHosts(context, tx, hosts);
  if (keysOf('settings').length > 0 || keysOf('legacy').length > 0) changed.push(...(await mediaHosts(tx)));
  await refreshAssignments(context, tx, [...new Set(changed)]);
  await refreshPolicies(context, tx, onlyGroupsOf(rows));
}

/** The groups whose policies may be others, when nothing but groups has changed; undefined: all. */
const onlyGroupsOf = (rows: readonly ChangeRow[]): Set<GroupId> | undefined =>
  rows.every(({ kind }) => kind === 'group')
    ? new Set(rows.flatMap(({ key }) => parseGroupId(key.split('/', 1)[0] ?? '') ?? []))
    : undefined;

/** T-50 Whether a media server listens for legacy hosts stands in its assignment. */
async function mediaHosts(tx: Tx): Promise<HostId[]> {
  const rows = await tx.selectFrom('hosts').select('id').where('media_since_ms', 'is not', null).execute();
  return rows.flatMap(({ id }) => parseHostId(id) ?? []);
}

/** After a gap in the feed nothing is known to be right: all of it is looked at, and what is right stays as it is. */
async function refreshEverything(context: FleetContext, tx: Tx): Promise<void> {
  context.log.warn({}, 'changes were missed: all repositories, assignments and policies are checked');
  for (const hostId of await hostsOfCompromisedKeys(tx)) await sealCompromised(context, tx, hostId);
  const rows = await tx.selectFrom('hosts').select('id').execute();
  const ids = rows.flatMap(({ id }) => parseHostId(id) ?? []);
  await prepareHosts(context, tx, await findHosts(tx, ids));
  await refreshAssignments(context, tx, ids);
  await refreshPolicies(context, tx);
}

async function hostsOfCompromisedKeys(tx: Tx): Promise<string[]> {
  const rows = await tx
    .selectFrom('certificates')
    .select('host_id')
    .distinct()
    .where('revocation_reason', '=', 'keyCompromise')
    .execute();
  return rows.map((row) => row.host_id);
}

/** Repositories that the plans covering these hosts need. */
async function prepareHosts(context: FleetContext, tx: Tx, hosts: readonly FleetHost[]): Promise<void> {
  if (hosts.length === 0) return;
  const tree = await readGroupTree(tx);
  for (const { spec } of await listStoredPlans(tx)) {
    const covered = hosts.filter((host) => coversHost(spec, tree, host));
    await ensureRepositories(context, tx, covered, spec.mediaServers);
  }
}

/** Plans that cover too many hosts to be prepared while they are saved: in transactions of their own, before the cursor. */
async function prepareLargePlans(context: FleetContext, fence: (tx: Tx) => Promise<void>): Promise<void> {
  const { rows } = await nextChanges(context.store.db);
  for (const row of rows) {
    const id = row.kind === 'plan' ? parsePlanId(row.key) : undefined;
    const plan = id === undefined ? undefined : await findStoredPlan(context.store.db, id);
    if (plan === undefined || plan.deletedAtMs !== null) continue;
    const hosts = await coveredHosts(context.store.db, plan.spec, await readGroupTree(context.store.db));
    await inParts(context, fence, hosts, (tx, part) =>
      ensureRepositories(context, tx, part, plan.spec.mediaServers),
    );
  }
}

/**
 * F-01 Hosts of groups that changed: their repositories and assignments, in transactions of their own, before the cursor. Agents do not
 * wait for it: policies and lists were signed with the change.
 */
async function followGroups(context: FleetContext, fence: (tx: Tx) => Promise<void>): Promise<void> {
  const { rows } = await nextChanges(context.store.db);
  const keys = rows.filter(({ kind }) => kind === 'group').map(({ key }) => key.split('/', 2));
  const idsOf = (what: string) =>
    new Set(keys.flatMap(([id = '', about]) => (about === what ? (parseGroupId(id) ?? []) : [])));
  const lists = idsOf('list');
  const groups = new Set([...lists, ...idsOf('plans')]);
  if (groups.size === 0) return;
  const hosts = await hostsOfGroups(context.store.db, [...groups]);
  await inParts(context, fence, hosts, async (tx, part) => {
    await prepareHosts(context, tx, part);
    const listed = part.filter(({ groupId }) => lists.has(groupId));
    await refreshAssignments(
      context,
      tx,
      listed.map(({ id }) => id),
    );
  });
}

async function inParts(
  { store }: FleetContext,
  fence: (tx: Tx) => Promise<void>,
  hosts: readonly FleetHost[],
  work: (tx: Tx, part: readonly FleetHost[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < hosts.length; start += HOSTS_PER_TRANSACTION_MAX) {
    await store.transaction(async (tx) => {
      await fence(tx);
      await work(tx, hosts.slice(start, start + HOSTS_PER_TRANSACTION_MAX));
    });
  }
}

async function sealCompromised(context: FleetContext, tx: Tx, key: string): Promise<void> {
  const hostId = parseHostId(key);
  if (hostId === undefined) return;
  const row = await tx
    .selectFrom('certificates')
    .select((select) => select.fn.max('revoked_at_ms').as('at'))
    .where('host_id', '=', hostId)
    .where('revocation_reason', '=', 'keyCompromise')
    .executeTakeFirst();
  if (row?.at != null) await sealRepositories(context, tx, hostId, Number(row.at));
}

async function hostsOfCertificates(tx: Tx, fingerprints: readonly string[]): Promise<HostId[]> {
  const found: HostId[] = [];
  for (let from = 0; from < fingerprints.length; from += FINGERPRINTS_PER_QUERY_MAX) {
    const part = fingerprints.slice(from, from + FINGERPRINTS_PER_QUERY_MAX);
    const rows = await selectOwners.rows(tx, { fingerprints: part });
    found.push(...rows.flatMap((row) => parseHostId(row.host_id) ?? []));
  }
  return found;
}

/** Below the limits of both databases. */
const FINGERPRINTS_PER_QUERY_MAX = 32;

const selectOwners = prepared((db, wish: { fingerprints: readonly string[] }) =>
  db.selectFrom('certificates').select('host_id').distinct().where('fingerprint', 'in', wish.fingerprints),
);

async function nextChanges(
  tx: DbOrTx,
): Promise<{ rows: ChangeRow[]; cursor: number; upTo: number; gap: boolean }> {
  const cursor = (await selectCursor.first(tx, {}))?.value ?? 0;
  const ends = await selectEnds.first(tx, { cursor });
  const rows = [...(await selectChanges.rows(tx, { cursor }))];
  const newest = Number(ends?.last ?? cursor);
  const gap = ends?.first != null && ends.first > cursor + 1;
  const full = rows.length >= CHANGES_PER_TRANSACTION_MAX && !gap;
  return { rows, cursor, upTo: full ? (rows.at(-1)?.seq ?? newest) : Math.max(cursor, newest), gap };
}

const selectCursor = prepared((db) => db.selectFrom('counters').select('value').where('name', '=', CURSOR));

const selectEnds = prepared((db, wish: { cursor: number }) =>
  db.selectNoFrom(({ selectFrom }) => [
    selectFrom('change_feed')
      .select('seq')
      .where('seq', '>', wish.cursor)
      .orderBy('seq')
      .limit(1)
      .as('first'),
    selectFrom('change_feed')
      .select(({ fn }) => fn.max('seq').as('seq'))
      .as('last'),
  ]),
);

const selectChanges = prepared((db, wish: { cursor: number }) =>
  db
    .selectFrom('change_feed')
    .select(['seq', 'kind', 'key'])
    .where('seq', '>', wish.cursor)
    .where('kind', 'in', KINDS)
    .orderBy('seq')
    .limit(CHANGES_PER_TRANSACTION_MAX),
);

async function writeCursor(tx: Tx, seq: number): Promise<void> {
  await tx
    .insertInto('counters')
    .values({ name: CURSOR, value: seq })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: seq }))
    .execute();
}
