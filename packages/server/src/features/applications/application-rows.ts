import type { HostId } from '@sekisho/core/ids.ts';
import { applicationKind, type ApplicationKind } from '@sekisho/core/wire/applications.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedHostId } from '../fleet/stored-ids.ts';

/** T-34 A virtual name and its hosts, as they are stored; the hosts in the order of their IDs. */
export interface StoredApplication {
  readonly name: string;
  readonly kind: ApplicationKind;
  readonly hosts: readonly HostId[];
  readonly revision: number;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly changedAtMs: number;
}

/** Names in one statement: below the limits of both databases. */
const NAMES_PER_QUERY_MAX = 500;

/** The hosts of these virtual names; a name without a mapping is left out. */
export async function hostsOfApplications(
  db: DbOrTx,
  names: readonly string[],
): Promise<Map<string, HostId[]>> {
  const found = new Map<string, HostId[]>();
  const wanted = [...new Set(names)];
  for (let start = 0; start < wanted.length; start += NAMES_PER_QUERY_MAX) {
    const rows = await db
      .selectFrom('application_hosts')
      .select(['name', 'host_id'])
      .where('name', 'in', wanted.slice(start, start + NAMES_PER_QUERY_MAX))
      .orderBy('host_id')
      .execute();
    for (const row of rows) found.set(row.name, [...(found.get(row.name) ?? []), storedHostId(row.host_id)]);
  }
  return found;
}

/** The mapping of a canonical virtual name, or undefined. */
export async function findApplication(db: DbOrTx, name: string): Promise<StoredApplication | undefined> {
  const row = await selectMappings(db).where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : (await withHosts(db, [row]))[0];
}

/** Every mapping, by name. */
export async function listStoredApplications(db: DbOrTx): Promise<StoredApplication[]> {
  return withHosts(db, await selectMappings(db).orderBy('name').execute());
}

/** The mappings that have both hosts: their names. */
export async function applicationsOfBoth(db: DbOrTx, one: HostId, other: HostId): Promise<string[]> {
  const rows = await db
    .selectFrom('application_hosts as one')
    .innerJoin('application_hosts as other', 'other.name', 'one.name')
    .select('one.name')
    .where('one.host_id', '=', one)
    .where('other.host_id', '=', other)
    .orderBy('one.name')
    .execute();
  return rows.map((row) => row.name);
}

export async function countApplications(db: DbOrTx): Promise<number> {
  const row = await db
    .selectFrom('application_mappings')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertApplication(
  tx: Tx,
  mapping: { name: string; kind: ApplicationKind; hosts: readonly HostId[]; createdBy: string },
  nowMs: number,
): Promise<void> {
  await tx
    .insertInto('application_mappings')
    .values({
      name: mapping.name,
      application: mapping.kind,
      revision: 1,
      created_at_ms: nowMs,
      created_by: mapping.createdBy,
      changed_at_ms: nowMs,
    })
    .execute();
  for (const hostId of mapping.hosts) await insertHost(tx, mapping.name, hostId);
}

export async function insertHost(tx: Tx, name: string, hostId: HostId): Promise<void> {
  await tx.insertInto('application_hosts').values({ name, host_id: hostId }).execute();
}

export async function removeHost(tx: Tx, name: string, hostId: HostId): Promise<void> {
  await tx.deleteFrom('application_hosts').where('name', '=', name).where('host_id', '=', hostId).execute();
}

export async function markChanged(tx: Tx, name: string, revision: number, nowMs: number): Promise<void> {
  await tx
    .updateTable('application_mappings')
    .set({ revision, changed_at_ms: nowMs })
    .where('name', '=', name)
    .execute();
}

export async function removeApplication(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('application_hosts').where('name', '=', name).execute();
  await tx.deleteFrom('application_mappings').where('name', '=', name).execute();
}

const selectMappings = (db: DbOrTx) =>
  db
    .selectFrom('application_mappings')
    .select(['name', 'application', 'revision', 'created_at_ms', 'created_by', 'changed_at_ms']);

interface MappingRow {
  readonly name: string;
  readonly application: string;
  readonly revision: number;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly changed_at_ms: number;
}

async function withHosts(db: DbOrTx, rows: readonly MappingRow[]): Promise<StoredApplication[]> {
  const hosts = await hostsOfApplications(
    db,
    rows.map((row) => row.name),
  );
  return rows.map((row) => ({
    name: row.name,
    kind: applicationKind.parse(row.application),
    hosts: hosts.get(row.name) ?? [],
    revision: row.revision,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    changedAtMs: row.changed_at_ms,
  }));
}
