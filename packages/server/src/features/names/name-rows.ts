import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import {
  MAPPING_KINDS,
  PENDING_REASONS,
  type MappingKind,
  type PendingReason,
} from '@sekisho/core/rules/naming.ts';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import { isIP } from 'node:net';
import { prepared } from '../../store/prepared.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { hostsWithin } from '../groups/within-reach.ts';

/** A name of a host. */
export interface MappingRow {
  readonly name: string;
  readonly hostId: HostId;
  readonly kind: MappingKind;
  readonly createdAtMs: number;
  /** Of an address that was mapped automatically: when the host was last met under it, to the day. */
  readonly lastSeenMs: number | null;
}

/** A host under a name that it may not go by until an administrator says so. */
export interface PendingRow {
  readonly name: string;
  readonly hostId: HostId;
  readonly reason: PendingReason;
  readonly ownerId: HostId | null;
  readonly askedBy: string;
  readonly state: 'pending' | 'rejected';
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly seen: number;
  readonly decidedAtMs: number | null;
  readonly decidedBy: string | null;
}

const MAPPING_COLUMNS = ['name', 'host_id', 'kind', 'created_at_ms', 'last_seen_ms'] as const;
const PENDING_COLUMNS = [
  'name',
  'host_id',
  'reason',
  'owner_id',
  'asked_by',
  'state',
  'first_seen_ms',
  'last_seen_ms',
  'seen',
  'decided_at_ms',
  'decided_by',
] as const;
/** Names or hosts in one statement. */
const KEYS_PER_QUERY_MAX = 32;
const FILL_ROWS_MAX = 5_000;

/** Who goes by these names, in the order of name and host. */
export async function mappingsOfNames(db: DbOrTx, names: readonly string[]): Promise<MappingRow[]> {
  const rows: MappingRow[] = [];
  for (let from = 0; from < names.length; from += KEYS_PER_QUERY_MAX) {
    const wish = { names: names.slice(from, from + KEYS_PER_QUERY_MAX) };
    for (const row of await selectByNames.rows(db, wish)) rows.push(mappingOf(row));
  }
  return rows;
}

const selectByNames = prepared((db, wish: { names: readonly string[] }) =>
  db
    .selectFrom('host_names')
    .select(MAPPING_COLUMNS)
    .where('name', 'in', wish.names)
    .orderBy('name')
    .orderBy('created_at_ms')
    .orderBy('host_id'),
);

/** All names of these hosts. */
export async function mappingsOfHosts(db: DbOrTx, ids: readonly HostId[]): Promise<MappingRow[]> {
  const rows: MappingRow[] = [];
  for (let from = 0; from < ids.length; from += KEYS_PER_QUERY_MAX) {
    const wish = { ids: ids.slice(from, from + KEYS_PER_QUERY_MAX) };
    for (const row of await selectByHosts.rows(db, wish)) rows.push(mappingOf(row));
  }
  return rows;
}

const selectByHosts = prepared((db, wish: { ids: readonly HostId[] }) =>
  db.selectFrom('host_names').select(MAPPING_COLUMNS).where('host_id', 'in', wish.ids).orderBy('name'),
);

/** Gives every mapping of the domain to `take`. */
export async function eachMapping(store: Store, take: (row: MappingRow) => void): Promise<void> {
  const query = store.db.selectFrom('host_names').select(MAPPING_COLUMNS);
  if (store.scan !== undefined) {
    await store.scan(query.orderBy('host_id'), (row) => {
      take(mappingOf(row));
    });
    return;
  }
  for (let after = { host: '', name: '' }; ;) {
    const { host, name } = after;
    const rows = await query
      .where((row) =>
        row.or([row('host_id', '>', host), row.and([row('host_id', '=', host), row('name', '>', name)])]),
      )
      .orderBy('host_id')
      .orderBy('name')
      .limit(FILL_ROWS_MAX)
      .execute();
    for (const row of rows) take(mappingOf(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < FILL_ROWS_MAX) return;
    after = { host: last.host_id, name: last.name };
  }
}

/** What waits, and what was rejected; bounded by PENDING_NAMES_MAX. */
export async function allPending(db: DbOrTx): Promise<PendingRow[]> {
  return (await db.selectFrom('pending_names').select(PENDING_COLUMNS).execute()).map(pendingOf);
}

/** Who waits for these names, or was rejected. */
export async function pendingOfNames(db: DbOrTx, names: readonly string[]): Promise<PendingRow[]> {
  const rows: PendingRow[] = [];
  for (let from = 0; from < names.length; from += KEYS_PER_QUERY_MAX) {
    const wish = { names: names.slice(from, from + KEYS_PER_QUERY_MAX) };
    for (const row of await selectPending.rows(db, wish)) rows.push(pendingOf(row));
  }
  return rows;
}

const selectPending = prepared((db, wish: { names: readonly string[] }) =>
  db.selectFrom('pending_names').select(PENDING_COLUMNS).where('name', 'in', wish.names).orderBy('host_id'),
);

/** A page of mappings by name and host. */
export async function listMappingRows(
  db: DbOrTx,
  page: {
    limit: number;
    after: { name: string; hostId: string } | undefined;
    reach: Reach;
    hostId: HostId | undefined;
    name: string | undefined;
    kind: MappingKind | undefined;
  },
): Promise<MappingRow[]> {
  let query = db
    .selectFrom('host_names')
    .select(MAPPING_COLUMNS)
    .orderBy('name')
    .orderBy('host_id')
    .limit(page.limit);
  const { after } = page;
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('name', '>', after.name),
        row.and([row('name', '=', after.name), row('host_id', '>', after.hostId)]),
      ]),
    );
  if (page.reach !== 'domain') query = query.where('host_id', 'in', hostsWithin(db, page.reach));
  if (page.hostId !== undefined) query = query.where('host_id', '=', page.hostId);
  if (page.name !== undefined) query = query.where('name', '=', page.name);
  if (page.kind !== undefined) query = query.where('kind', '=', page.kind);
  return (await query.execute()).map(mappingOf);
}

/** A page of what waits, by name and host; of conflicts only those whose both hosts are within the reach. */
export async function listPendingRows(
  db: DbOrTx,
  page: {
    limit: number;
    after: { name: string; hostId: string } | undefined;
    reach: Reach;
    hostId: HostId | undefined;
    rejected: boolean;
  },
): Promise<PendingRow[]> {
  let query = db
    .selectFrom('pending_names')
    .select(PENDING_COLUMNS)
    .orderBy('name')
    .orderBy('host_id')
    .limit(page.limit);
  const { after, reach, hostId } = page;
  if (after !== undefined)
    query = query.where((row) =>
      row.or([
        row('name', '>', after.name),
        row.and([row('name', '=', after.name), row('host_id', '>', after.hostId)]),
      ]),
    );
  if (reach !== 'domain')
    query = query
      .where('host_id', 'in', hostsWithin(db, reach))
      .where((row) => row.or([row('owner_id', 'is', null), row('owner_id', 'in', hostsWithin(db, reach))]));
  if (hostId !== undefined)
    query = query.where((row) => row.or([row('host_id', '=', hostId), row('owner_id', '=', hostId)]));
  if (!page.rejected) query = query.where('state', '=', 'pending');
  return (await query.execute()).map(pendingOf);
}

/** Maps a name, or changes how it is mapped; false: it was so already. */
export async function putMapping(
  tx: Tx,
  mapping: { name: string; hostId: HostId; kind: MappingKind },
  nowMs: number,
): Promise<void> {
  const { name, hostId, kind } = mapping;
  const lastSeenMs = kind === 'automatic' && isIP(name) !== 0 ? nowMs : null;
  await tx
    .insertInto('host_names')
    .values({ name, host_id: hostId, kind, created_at_ms: nowMs, last_seen_ms: lastSeenMs })
    .onConflict((conflict) =>
      conflict
        .columns(['name', 'host_id'])
        .doUpdateSet({ kind, created_at_ms: nowMs, last_seen_ms: lastSeenMs }),
    )
    .execute();
}

/** Hosts were met under these automatic names. */
export async function noteSeen(tx: Tx, names: readonly string[], nowMs: number): Promise<void> {
  await tx
    .updateTable('host_names')
    .set({ last_seen_ms: nowMs })
    .where('kind', '=', 'automatic')
    .where('name', 'in', names)
    .execute();
}

/** Addresses that were mapped automatically and under which nobody was met since then, the longest unseen first. */
export async function listUnseen(
  db: DbOrTx,
  page: { untilMs: number; limit: number },
): Promise<MappingRow[]> {
  const rows = await db
    .selectFrom('host_names')
    .select(MAPPING_COLUMNS)
    .where('kind', '=', 'automatic')
    .where('last_seen_ms', '<=', page.untilMs)
    .orderBy('last_seen_ms')
    .limit(page.limit)
    .execute();
  return rows.map(mappingOf);
}

export async function removeMapping(tx: Tx, name: string, hostId: HostId): Promise<void> {
  await tx.deleteFrom('host_names').where('name', '=', name).where('host_id', '=', hostId).execute();
}

/** Lists a name as pending, or again: one that was rejected keeps who rejected it, and when. */
export async function putPending(
  tx: Tx,
  row: { name: string; hostId: HostId; reason: PendingReason; ownerId: HostId | null; askedBy: string },
  nowMs: number,
): Promise<void> {
  const { name, hostId, reason, ownerId, askedBy } = row;
  await tx
    .insertInto('pending_names')
    .values({
      name,
      host_id: hostId,
      reason,
      owner_id: ownerId,
      asked_by: askedBy,
      state: 'pending',
      first_seen_ms: nowMs,
      last_seen_ms: nowMs,
      seen: 1,
      decided_at_ms: null,
      decided_by: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['name', 'host_id']).doUpdateSet((old) => ({
        reason,
        owner_id: ownerId,
        asked_by: askedBy,
        state: 'pending',
        last_seen_ms: nowMs,
        seen: old('pending_names.seen', '+', 1),
      })),
    )
    .execute();
}

export async function markRejected(
  tx: Tx,
  key: { name: string; hostId: HostId },
  by: string,
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('pending_names')
    .set({ state: 'rejected', decided_at_ms: nowMs, decided_by: by })
    .where('name', '=', key.name)
    .where('host_id', '=', key.hostId)
    .execute();
}

export async function removePending(tx: Tx, name: string, hostId: HostId): Promise<void> {
  await tx.deleteFrom('pending_names').where('name', '=', name).where('host_id', '=', hostId).execute();
}

/** Removes everything that waits about a host; the names. */
export async function removePendingOfHost(tx: Tx, hostId: HostId): Promise<string[]> {
  const rows = await tx.deleteFrom('pending_names').where('host_id', '=', hostId).returning('name').execute();
  return rows.map(({ name }) => name);
}

function mappingOf(row: {
  name: string;
  host_id: string;
  kind: string;
  created_at_ms: number;
  last_seen_ms: number | null;
}): MappingRow {
  const hostId = parseHostId(row.host_id);
  const kind = MAPPING_KINDS.find((known) => known === row.kind);
  if (hostId === undefined || kind === undefined)
    throw new Error(`the row of the name ${row.name} is not readable`);
  return { name: row.name, hostId, kind, createdAtMs: row.created_at_ms, lastSeenMs: row.last_seen_ms };
}

function pendingOf(row: {
  name: string;
  host_id: string;
  reason: string;
  owner_id: string | null;
  asked_by: string;
  state: string;
  first_seen_ms: number;
  last_seen_ms: number;
  seen: number;
  decided_at_ms: number | null;
  decided_by: string | null;
}): PendingRow {
  const hostId = parseHostId(row.host_id);
  const reason = PENDING_REASONS.find((known) => known === row.reason);
  if (hostId === undefined || reason === undefined)
    throw new Error(`the row of the pending name ${row.name} is not readable`);
  return {
    name: row.name,
    hostId,
    reason,
    ownerId: row.owner_id === null ? null : (parseHostId(row.owner_id) ?? null),
    askedBy: row.asked_by,
    state: row.state === 'rejected' ? 'rejected' : 'pending',
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    seen: row.seen,
    decidedAtMs: row.decided_at_ms,
    decidedBy: row.decided_by,
  };
}
