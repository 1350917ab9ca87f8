import { parseGroupId, parseHostId, type GroupId, type HostId } from '@sekisho/core/ids.ts';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import { address, count, port } from '@sekisho/core/wire/scalars.ts';
import { z } from 'zod';
import { nextValue } from '../../store/counters.ts';
import { prepared } from '../../store/prepared.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { hostsWithin } from '../groups/within-reach.ts';

/** The counter that numbers hosts densely. */
export const HOST_COUNTER = 'host';

/** What a media server's row says of it. */
export const mediaSettings = z.object({
  endpoints: z.array(z.object({ address, port })).max(8).default([]),
  quotaBytesPerHost: count.nullable().default(null),
  /** T-50: where it listens for legacy hosts, while there are any and the setting is on. */
  legacyPort: port.optional(),
});
export type MediaSettings = z.infer<typeof mediaSettings>;

/** A host with its names. */
export interface HostRow {
  readonly id: HostId;
  readonly num: number;
  /** The primary name. */
  readonly name: string;
  readonly groupId: GroupId;
  readonly mediaSinceMs: number | null;
  /** Its settings as they are stored. */
  readonly mediaText: string | null;
  readonly reissueUntilMs: number | null;
  readonly createdAtMs: number;
}

const COLUMNS = [
  'id',
  'num',
  'name',
  'group_id',
  'media_since_ms',
  'media',
  'reissue_until_ms',
  'created_at_ms',
] as const;

export async function findHost(db: DbOrTx, id: HostId): Promise<HostRow | undefined> {
  const row = await selectById.first(db, { id });
  return row === undefined ? undefined : rowOf(row);
}

const selectById = prepared((db, wish: { id: HostId }) =>
  db.selectFrom('hosts').select(COLUMNS).where('id', '=', wish.id),
);

/** The host whose primary name it is (T-14: a reissue goes by that alone). */
export async function findHostByName(db: DbOrTx, name: string): Promise<HostRow | undefined> {
  const row = await selectByName.first(db, { name });
  return row === undefined ? undefined : rowOf(row);
}

const selectByName = prepared((db, wish: { name: string }) =>
  db.selectFrom('hosts').select(COLUMNS).where('name', '=', wish.name),
);

/** A page of hosts by primary name, of those within a reach. */
export async function listHostRows(
  db: DbOrTx,
  page: {
    limit: number;
    after: string | undefined;
    reach: Reach;
    /** Any of a host's names. */
    name?: string | undefined;
    /** How the primary name begins. */
    namePrefix?: string | undefined;
    /** Of this group alone. */
    group?: GroupId | undefined;
  },
): Promise<HostRow[]> {
  let query = db.selectFrom('hosts').select(COLUMNS).orderBy('name').limit(page.limit);
  if (page.after !== undefined) query = query.where('name', '>', page.after);
  if (page.reach !== 'domain') query = query.where('id', 'in', hostsWithin(db, page.reach));
  if (page.group !== undefined) query = query.where('group_id', '=', page.group);
  if (page.name !== undefined) {
    const owners = db.selectFrom('host_names').select('host_id').where('name', '=', page.name.toLowerCase());
    query = query.where('id', 'in', owners);
  }
  if (page.namePrefix !== undefined) {
    const prefix = page.namePrefix.toLowerCase();
    query = query.where((where) =>
      where(where.fn<string>('substr', ['name', where.lit(1), where.val(prefix.length)]), '=', prefix),
    );
  }
  return (await query.execute()).map(rowOf);
}

/** The names that count for these hosts, the primary one first: what was only mapped automatically gives no rights (T-31). */
export async function namesOfHosts(db: DbOrTx, ids: readonly HostId[]): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  if (ids.length === 0) return names;
  const rows = await db
    .selectFrom('host_names')
    .select(['name', 'host_id', 'kind'])
    .where('host_id', 'in', ids)
    .where('kind', '!=', 'automatic')
    .orderBy('name')
    .execute();
  for (const row of rows) {
    const list = names.get(row.host_id) ?? [];
    if (row.kind === 'primary') list.unshift(row.name);
    else list.push(row.name);
    names.set(row.host_id, list);
  }
  return names;
}

/** Who has these names: by an administrator's or a token's word alone, shared with others, or only because it was met under it. */
export interface NameOwners {
  readonly owners: Map<string, HostId>;
  readonly weak: Map<string, 'shared' | 'automatic'>;
}

/** Which of these names are mapped, and to whom. */
export async function ownersOfNames(db: DbOrTx, names: readonly string[]): Promise<NameOwners> {
  const owners = new Map<string, HostId>();
  const weak = new Map<string, 'shared' | 'automatic'>();
  for (const row of await selectOwners.rows(db, { names })) {
    const id = parseHostId(row.host_id);
    if (id === undefined) continue;
    if (row.kind === 'shared' || row.kind === 'automatic') weak.set(row.name, row.kind);
    else owners.set(row.name, id);
  }
  return { owners, weak };
}

const selectOwners = prepared((db, wish: { names: readonly string[] }) =>
  db.selectFrom('host_names').select(['name', 'host_id', 'kind']).where('name', 'in', wish.names),
);

/** Creates a host with its names and says so in the change feed. */
export async function createHost(
  tx: Tx,
  host: { id: HostId; name: string; names: readonly string[]; groupId: GroupId; media: boolean },
  nowMs: number,
): Promise<void> {
  await insertHost.run(tx, {
    id: host.id,
    num: await nextValue(tx, HOST_COUNTER),
    name: host.name,
    groupId: host.groupId,
    mediaSinceMs: host.media ? nowMs : null,
    media: host.media ? JSON.stringify(mediaSettings.parse({})) : null,
    nowMs,
  });
  for (const name of host.names) {
    const kind = name === host.name ? 'primary' : 'approved';
    await insertName.run(tx, { name, hostId: host.id, kind, nowMs });
  }
  await recordChange(tx, 'host', host.id);
}

const insertHost = prepared(
  (
    db,
    host: {
      id: HostId;
      num: number;
      name: string;
      groupId: GroupId;
      mediaSinceMs: number | null;
      media: string | null;
      nowMs: number;
    },
  ) =>
    db.insertInto('hosts').values({
      id: host.id,
      num: host.num,
      name: host.name,
      group_id: host.groupId,
      media_since_ms: host.mediaSinceMs,
      media: host.media,
      legacy_since_ms: null,
      secure_since_ms: host.nowMs,
      reissue_until_ms: null,
      created_at_ms: host.nowMs,
    }),
);

const insertName = prepared((db, row: { name: string; hostId: HostId; kind: string; nowMs: number }) =>
  db
    .insertInto('host_names')
    .values({ name: row.name, host_id: row.hostId, kind: row.kind, created_at_ms: row.nowMs }),
);

/**
 * Whoever issues, replaces or revokes certificates of one host waits here for the other: what the later one reads is what
 * the earlier one wrote, on both databases.
 */
export async function lockHost(tx: Tx, id: HostId): Promise<void> {
  await tx
    .updateTable('hosts')
    .set((row) => ({ num: row.ref('num') }))
    .where('id', '=', id)
    .execute();
}

/** Switches the media role; its settings are kept when it is switched off. */
export async function updateMedia(
  tx: Tx,
  host: HostRow,
  change: { media: boolean; settings: MediaSettings | undefined },
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('hosts')
    .set({
      media_since_ms: change.media ? (host.mediaSinceMs ?? nowMs) : null,
      ...(change.settings === undefined ? {} : { media: JSON.stringify(change.settings) }),
    })
    .where('id', '=', host.id)
    .execute();
  await recordChange(tx, 'host', host.id);
}

/** T-16: until when the next request of the host's name needs no token; null takes it back. */
export async function updateReissue(tx: Tx, id: HostId, untilMs: number | null): Promise<void> {
  await tx.updateTable('hosts').set({ reissue_until_ms: untilMs }).where('id', '=', id).execute();
  await recordChange(tx, 'host', id);
}

/** The group in which new hosts live. */
export async function rootGroup(db: DbOrTx): Promise<GroupId> {
  const row = await selectRootGroup.first(db, {});
  if (row === undefined) throw new Error('the domain has no root group');
  const id = parseGroupId(row.id);
  if (id === undefined) throw new Error(`the row of group ${row.id} is not readable`);
  return id;
}

const selectRootGroup = prepared((db) =>
  db.selectFrom('groups').select('id').where('parent_id', 'is', null).orderBy('created_at_ms').limit(1),
);

function rowOf(row: {
  id: string;
  num: number;
  name: string;
  group_id: string;
  media_since_ms: number | null;
  media: string | null;
  reissue_until_ms: number | null;
  created_at_ms: number;
}): HostRow {
  const id = parseHostId(row.id);
  const groupId = parseGroupId(row.group_id);
  if (id === undefined || groupId === undefined) throw new Error(`the row of host ${row.id} is not readable`);
  return {
    id,
    num: row.num,
    name: row.name,
    groupId,
    mediaSinceMs: row.media_since_ms,
    mediaText: row.media,
    reissueUntilMs: row.reissue_until_ms,
    createdAtMs: row.created_at_ms,
  };
}
