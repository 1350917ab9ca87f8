import {
  parseHostId,
  parseSha256Hex,
  type HostId,
  type RepositoryName,
  type Sha256Hex,
} from '@sekisho/core/ids.ts';
import { LEGACY_KINDS, type LegacyKind } from '@sekisho/core/wire/legacy-kinds.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedRepositoryName } from '../fleet/stored-ids.ts';

/** A host that was let in without a certificate (T-50). */
export interface LegacyHostRow {
  readonly hostId: HostId;
  /** The host's primary name. */
  readonly name: string;
  readonly kind: LegacyKind;
  readonly keySha256: Sha256Hex | null;
  readonly address: string | null;
  /** ADDRESS:PORT of a media server. */
  readonly endpoint: string | null;
  readonly version: string | null;
  readonly lastSeenMs: number | null;
  readonly addedAtMs: number;
  readonly addedBy: string;
  readonly legacySinceMs: number | null;
  readonly secureSinceMs: number | null;
}

const COLUMNS = [
  'legacy_hosts.host_id',
  'legacy_hosts.kind',
  'legacy_hosts.key_sha256',
  'legacy_hosts.address',
  'legacy_hosts.endpoint',
  'legacy_hosts.version',
  'legacy_hosts.last_seen_ms',
  'legacy_hosts.added_at_ms',
  'legacy_hosts.added_by',
  'hosts.name',
  'hosts.legacy_since_ms',
  'hosts.secure_since_ms',
] as const;

const select = (db: DbOrTx) =>
  db.selectFrom('legacy_hosts').innerJoin('hosts', 'hosts.id', 'legacy_hosts.host_id').select(COLUMNS);

export async function findLegacyHost(db: DbOrTx, id: HostId): Promise<LegacyHostRow | undefined> {
  const row = await select(db).where('legacy_hosts.host_id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** By its primary name, or by any other name that is mapped to it; in lower case. */
export async function findLegacyHostByName(db: DbOrTx, name: string): Promise<LegacyHostRow | undefined> {
  const direct = await select(db).where('hosts.name', '=', name).executeTakeFirst();
  return direct === undefined ? undefined : rowOf(direct);
}

/** A page by primary name. */
export async function listLegacyHosts(
  db: DbOrTx,
  page: { limit: number; after: string | undefined },
): Promise<LegacyHostRow[]> {
  let query = select(db).orderBy('hosts.name').limit(page.limit);
  if (page.after !== undefined) query = query.where('hosts.name', '>', page.after);
  return (await query.execute()).map(rowOf);
}

/** Which of these hosts speak the plain protocol now, and when they were heard of. */
export async function legacyAmong(db: DbOrTx, ids: readonly HostId[]): Promise<Map<HostId, LegacyHostRow>> {
  if (ids.length === 0) return new Map();
  const rows = await select(db)
    .where('legacy_hosts.host_id', 'in', ids)
    .where('hosts.legacy_since_ms', 'is not', null)
    .execute();
  return new Map(rows.map(rowOf).map((row) => [row.hostId, row]));
}

export async function countLegacyHosts(db: DbOrTx, kind?: LegacyKind): Promise<number> {
  let query = db
    .selectFrom('legacy_hosts')
    .innerJoin('hosts', 'hosts.id', 'legacy_hosts.host_id')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('hosts.legacy_since_ms', 'is not', null);
  if (kind !== undefined) query = query.where('legacy_hosts.kind', '=', kind);
  return Number((await query.executeTakeFirstOrThrow()).many);
}

/** IDs of all hosts that speak the plain protocol. */
export async function legacyIds(db: DbOrTx): Promise<HostId[]> {
  const rows = await db.selectFrom('hosts').select('id').where('legacy_since_ms', 'is not', null).execute();
  return rows.flatMap(({ id }) => parseHostId(id) ?? []);
}

/** Writes the row anew, grants and what was heard of the host apart; the host becomes a legacy host. */
export async function putLegacyHost(
  tx: Tx,
  row: Pick<LegacyHostRow, 'hostId' | 'kind' | 'keySha256' | 'address' | 'endpoint' | 'addedBy'>,
  nowMs: number,
): Promise<void> {
  const values = {
    kind: row.kind,
    key_sha256: row.keySha256,
    address: row.address,
    endpoint: row.endpoint,
    added_at_ms: nowMs,
    added_by: row.addedBy,
  };
  await tx
    .insertInto('legacy_hosts')
    .values({ host_id: row.hostId, version: null, last_seen_ms: null, ...values })
    .onConflict((conflict) => conflict.column('host_id').doUpdateSet(values))
    .execute();
  await tx
    .updateTable('hosts')
    .set({ legacy_since_ms: nowMs, secure_since_ms: null })
    .where('id', '=', row.hostId)
    .execute();
  await tellChange(tx, row.hostId);
}

/** It is let in no more. */
export async function dropLegacyHost(tx: Tx, id: HostId): Promise<void> {
  await tx.deleteFrom('legacy_grants').where('host_id', '=', id).execute();
  await tx.deleteFrom('legacy_hosts').where('host_id', '=', id).execute();
  await tx.updateTable('hosts').set({ legacy_since_ms: null }).where('id', '=', id).execute();
  await tellChange(tx, id);
}

/** It has talked securely: from now on it is no legacy host, and never becomes one by itself (T-52). False: it was none. */
export async function endLegacy(tx: Tx, id: HostId, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('hosts')
    .set({ legacy_since_ms: null, secure_since_ms: nowMs })
    .where('id', '=', id)
    .where('legacy_since_ms', 'is not', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  await tx.deleteFrom('legacy_grants').where('host_id', '=', id).execute();
  await tellChange(tx, id);
  return true;
}

/** It was heard of. Nobody is told: views read the row. */
export async function noteSeen(tx: Tx, id: HostId, version: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('legacy_hosts')
    .set({ version, last_seen_ms: nowMs })
    .where('host_id', '=', id)
    .execute();
}

/**
 * T-52 A host that has ever talked securely and goes by one of these names or addresses (in lower case); undefined: none does.
 */
export async function secureOwnerOf(
  db: DbOrTx,
  names: readonly string[],
  except: HostId | undefined,
): Promise<string | undefined> {
  let query = db
    .selectFrom('host_names')
    .innerJoin('hosts', 'hosts.id', 'host_names.host_id')
    .select('hosts.name')
    .where('host_names.name', 'in', names)
    .where('hosts.secure_since_ms', 'is not', null)
    .orderBy('hosts.name')
    .limit(1);
  if (except !== undefined) query = query.where('hosts.id', '!=', except);
  return (await query.executeTakeFirst())?.name;
}

/** All names that are mapped to a host. */
export async function namesOfLegacy(db: DbOrTx, id: HostId): Promise<string[]> {
  const rows = await db.selectFrom('host_names').select('name').where('host_id', '=', id).execute();
  return rows.map(({ name }) => name);
}

export interface GrantRow {
  readonly repository: RepositoryName;
  readonly expiresAtMs: number;
}

/** Grants that have not ended. */
export async function grantsOf(db: DbOrTx, id: HostId, nowMs: number): Promise<GrantRow[]> {
  const rows = await db
    .selectFrom('legacy_grants')
    .select(['repository', 'expires_at_ms'])
    .where('host_id', '=', id)
    .where('expires_at_ms', '>', nowMs)
    .orderBy('repository')
    .execute();
  return rows.map((row) => ({
    repository: storedRepositoryName(row.repository),
    expiresAtMs: row.expires_at_ms,
  }));
}

/** Until then the host may read the repository; null takes it back. */
export async function putGrant(
  tx: Tx,
  grant: { hostId: HostId; repository: RepositoryName; untilMs: number | null; by: string },
  nowMs: number,
): Promise<void> {
  await tx
    .deleteFrom('legacy_grants')
    .where('host_id', '=', grant.hostId)
    .where('repository', '=', grant.repository)
    .execute();
  if (grant.untilMs !== null)
    await tx
      .insertInto('legacy_grants')
      .values({
        host_id: grant.hostId,
        repository: grant.repository,
        expires_at_ms: grant.untilMs,
        granted_at_ms: nowMs,
        granted_by: grant.by,
      })
      .execute();
  await recordChange(tx, 'legacy', grant.hostId);
}

async function tellChange(tx: Tx, id: HostId): Promise<void> {
  await recordChange(tx, 'legacy', id);
  await recordChange(tx, 'host', id);
}

function rowOf(row: {
  host_id: string;
  kind: string;
  key_sha256: string | null;
  address: string | null;
  endpoint: string | null;
  version: string | null;
  last_seen_ms: number | null;
  added_at_ms: number;
  added_by: string;
  name: string;
  legacy_since_ms: number | null;
  secure_since_ms: number | null;
}): LegacyHostRow {
  const hostId = parseHostId(row.host_id);
  const kind = LEGACY_KINDS.find((known) => known === row.kind);
  if (hostId === undefined || kind === undefined)
    throw new Error(`the row of legacy host ${row.host_id} is not readable`);
  return {
    hostId,
    name: row.name,
    kind,
    keySha256: row.key_sha256 === null ? null : (parseSha256Hex(row.key_sha256) ?? null),
    address: row.address,
    endpoint: row.endpoint,
    version: row.version,
    lastSeenMs: row.last_seen_ms,
    addedAtMs: row.added_at_ms,
    addedBy: row.added_by,
    legacySinceMs: row.legacy_since_ms,
    secureSinceMs: row.secure_since_ms,
  };
}
