import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import type { FleetParts } from '../../context.ts';
import { prepared } from '../../store/prepared.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** A name that may enrol without a token at level high, once (T-12). */
export interface KnownHostRow {
  readonly name: string;
  readonly registeredAtMs: number;
  readonly registeredBy: string;
  readonly usedAtMs: number | null;
  readonly hostId: HostId | null;
}

const COLUMNS = ['name', 'registered_at_ms', 'registered_by', 'used_at_ms', 'host_id'] as const;

export async function findKnownHost(db: DbOrTx, name: string): Promise<KnownHostRow | undefined> {
  const row = await selectKnownHost.first(db, { name });
  return row === undefined ? undefined : rowOf(row);
}

const selectKnownHost = prepared((db, wish: { name: string }) =>
  db.selectFrom('known_hosts').select(COLUMNS).where('name', '=', wish.name),
);

const selectUses = prepared((db, wish: { names: readonly string[] }) =>
  db.selectFrom('known_hosts').select(['name', 'used_at_ms']).where('name', 'in', wish.names),
);

/** Which of these names are registered; true: used up already. */
export async function knownAmong(db: DbOrTx, names: readonly string[]): Promise<Map<string, boolean>> {
  const rows = await selectUses.rows(db, { names });
  return new Map(rows.map((row) => [row.name, row.used_at_ms !== null]));
}

export async function listKnownHostRows(
  db: DbOrTx,
  page: { limit: number; after: string | undefined },
): Promise<KnownHostRow[]> {
  let query = db.selectFrom('known_hosts').select(COLUMNS).orderBy('name').limit(page.limit);
  if (page.after !== undefined) query = query.where('name', '>', page.after);
  return (await query.execute()).map(rowOf);
}

/** Registers a canonical name; false when it is registered already (it then stays as it is). */
export async function addKnownHost(
  tx: Tx,
  name: string,
  registeredBy: string,
  nowMs: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('known_hosts')
    .values({ name, registered_at_ms: nowMs, registered_by: registeredBy, used_at_ms: null, host_id: null })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow();
  if ((numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
  await recordChange(tx, 'known-host', name);
  return true;
}

/** The host came; it does not come so a second time. */
export async function useKnownHost(tx: Tx, name: string, hostId: HostId, nowMs: number): Promise<void> {
  await tx
    .updateTable('known_hosts')
    .set({ used_at_ms: nowMs, host_id: hostId })
    .where('name', '=', name)
    .where('used_at_ms', 'is', null)
    .execute();
  await recordChange(tx, 'known-host', name);
}

export async function removeKnownHost(tx: Tx, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('known_hosts')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  await recordChange(tx, 'known-host', name);
  return true;
}

/** Names of the server's configuration are known, too (T-12): entered at start, used up like the others. */
export async function rememberConfiguredHosts(parts: FleetParts): Promise<void> {
  if (parts.config.knownHosts.length === 0) return;
  const nowMs = parts.clock.nowMs();
  await parts.store.transaction(async (tx) => {
    for (const raw of parts.config.knownHosts) {
      const judged = judgeName(raw);
      if (judged.allow) await addKnownHost(tx, judged.name, 'server.json', nowMs);
      else parts.log.warn({ name: judged.params['name'] }, 'a name under knownHosts is not valid');
    }
  });
}

function rowOf(row: {
  name: string;
  registered_at_ms: number;
  registered_by: string;
  used_at_ms: number | null;
  host_id: string | null;
}): KnownHostRow {
  return {
    name: row.name,
    registeredAtMs: row.registered_at_ms,
    registeredBy: row.registered_by,
    usedAtMs: row.used_at_ms,
    hostId: row.host_id === null ? null : (parseHostId(row.host_id) ?? null),
  };
}
