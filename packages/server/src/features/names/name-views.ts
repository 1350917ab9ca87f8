import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { shownName } from '@sekisho/core/rules/shown-name.ts';
import type { MappingView, PendingView } from '@sekisho/core/wire/names.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { mappingsOfNames, type MappingRow, type PendingRow } from './name-rows.ts';

const IDS_PER_QUERY_MAX = 32;

/** The primary names of these hosts. */
export async function namesById(db: DbOrTx, ids: readonly HostId[]): Promise<Map<HostId, string>> {
  const names = new Map<HostId, string>();
  const wanted = [...new Set(ids)];
  for (let from = 0; from < wanted.length; from += IDS_PER_QUERY_MAX)
    for (const row of await selectNames.rows(db, { ids: wanted.slice(from, from + IDS_PER_QUERY_MAX) })) {
      const id = parseHostId(row.id);
      if (id !== undefined) names.set(id, row.name);
    }
  return names;
}

const selectNames = prepared((db, wish: { ids: readonly HostId[] }) =>
  db.selectFrom('hosts').select(['id', 'name']).where('id', 'in', wish.ids),
);

/** Mappings as administrators see them. */
export async function viewMappings(db: DbOrTx, rows: readonly MappingRow[]): Promise<MappingView[]> {
  const names = await namesById(
    db,
    rows.map(({ hostId }) => hostId),
  );
  return rows.map((row) => ({
    name: row.name,
    ...shownName(row.name),
    host: { id: row.hostId, name: names.get(row.hostId) ?? row.hostId },
    kind: row.kind,
    createdAtMs: row.createdAtMs,
    lastSeenAtMs: row.lastSeenMs,
  }));
}

/** What waits, each conflict with both hosts as they are now; a host that the reader may not see is not named. */
export async function viewPending(
  db: DbOrTx,
  rows: readonly PendingRow[],
  isWithin: (hostId: HostId) => boolean,
): Promise<PendingView[]> {
  const mappings = await mappingsOfNames(db, [...new Set(rows.map(({ name }) => name))]);
  const askers = rows.flatMap(({ askedBy }) => parseHostId(askedBy) ?? []);
  const names = await namesById(db, [
    ...rows.map(({ hostId }) => hostId),
    ...mappings.map(({ hostId }) => hostId),
    ...askers,
  ]);
  const named = (id: HostId): { id: HostId; name: string } => ({ id, name: names.get(id) ?? id });
  return rows.map((row) => {
    const owner = mappings.find(({ name, hostId }) => name === row.name && hostId !== row.hostId);
    const asker = parseHostId(row.askedBy);
    return {
      name: row.name,
      ...shownName(row.name),
      host: named(row.hostId),
      owner:
        owner === undefined || !isWithin(owner.hostId) ? null : { ...named(owner.hostId), kind: owner.kind },
      reason: row.reason,
      askedBy: asker === undefined || !isWithin(asker) ? null : named(asker),
      state: row.state,
      firstSeenAtMs: row.firstSeenMs,
      lastSeenAtMs: row.lastSeenMs,
      seen: row.seen,
      rejectedAtMs: row.decidedAtMs,
      rejectedBy: row.decidedBy,
    };
  });
}
