import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { z } from 'zod';
import { prepared } from '../../store/prepared.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { transactionContext } from '../../store/transaction-context.ts';
import { storedGroupId, storedHostId } from './stored-ids.ts';

/** A host and what was last seen of it; zero and empty when it never was. */
export interface SeenRow {
  readonly id: HostId;
  readonly num: number;
  readonly groupId: GroupId;
  readonly lastSeenMs: number;
  readonly bundleGeneration: number;
  readonly listSerial: number;
  readonly assignmentSerial: number;
  readonly policySerial: number;
  readonly crlNumber: number;
  readonly heartbeatSeconds: number;
  /** F-37: of the newest TLS key that it was seen to accept; zero: of none. */
  readonly shownKey: number;
  /** F-05: when it first said that it refuses its server's certificate, of those that followed one another; zero: it does not. */
  readonly orphanedAtSeconds: number;
  readonly fingerprint: string;
  readonly version: string;
  /** Drawn by the agent at its start: another one than before means that it was started again. */
  readonly bootId: string;
  readonly health: readonly string[];
  /** F-31: what its agent says it can do. */
  readonly capabilities: readonly string[];
}

const PAGE_ROWS = 5_000;
const codesText = z.array(z.string());

/** Gives all hosts with agents to `take`, or those that were seen since a moment. */
export async function eachSeen(
  store: Store,
  sinceMs: number | undefined,
  take: (row: SeenRow) => void,
): Promise<void> {
  if (store.scan !== undefined) {
    await store.scan(selectSeen(store.db, sinceMs), (row) => {
      take(seenOf(row));
    });
    return;
  }
  for (let after = -1; ;) {
    const rows = await selectSeen(store.db, sinceMs)
      .where('hosts.num', '>', after)
      .orderBy('hosts.num')
      .limit(PAGE_ROWS)
      .execute();
    for (const row of rows) take(seenOf(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return;
    after = last.num;
  }
}

function selectSeen(db: DbOrTx, sinceMs: number | undefined) {
  const query = db
    .selectFrom('hosts')
    .leftJoin('host_seen', 'host_seen.num', 'hosts.num')
    .select([
      'hosts.id',
      'hosts.num',
      'hosts.group_id',
      'host_seen.last_seen_ms',
      'host_seen.bundle_generation',
      'host_seen.list_serial',
      'host_seen.assignment_serial',
      'host_seen.policy_serial',
      'host_seen.crl_number',
      'host_seen.heartbeat_seconds',
      'host_seen.shown_key',
      'host_seen.orphaned_at_s',
      'host_seen.fingerprint',
      'host_seen.version',
      'host_seen.boot_id',
      'host_seen.health',
      'host_seen.capabilities',
    ])
    // the server's own host has no agent
    .where('hosts.id', 'not in', (inner) => inner.selectFrom('domain').select('server_host_id'));
  return sinceMs === undefined ? query : query.where('host_seen.last_seen_ms', '>=', sinceMs);
}

type SelectedSeen = Awaited<ReturnType<ReturnType<typeof selectSeen>['execute']>>[number];

const seenOf = (row: SelectedSeen): SeenRow => ({
  id: storedHostId(row.id),
  num: row.num,
  groupId: storedGroupId(row.group_id),
  lastSeenMs: row.last_seen_ms ?? 0,
  bundleGeneration: row.bundle_generation ?? 0,
  listSerial: row.list_serial ?? 0,
  assignmentSerial: row.assignment_serial ?? 0,
  policySerial: row.policy_serial ?? 0,
  crlNumber: row.crl_number ?? 0,
  heartbeatSeconds: row.heartbeat_seconds ?? 0,
  shownKey: row.shown_key ?? 0,
  orphanedAtSeconds: row.orphaned_at_s ?? 0,
  fingerprint: row.fingerprint ?? '',
  version: row.version ?? '',
  bootId: row.boot_id ?? '',
  health: readCodes(row.health),
  capabilities: readCodes(row.capabilities),
});

const readCodes = (text: string | null): string[] =>
  text === null || text === '[]' ? [] : codesText.parse(JSON.parse(text));
const codes = (list: readonly string[]): string => (list.length === 0 ? '[]' : JSON.stringify(list));

/** Writes what was seen of these hosts. */
export async function insertSeen(tx: Tx, hosts: readonly Omit<SeenRow, 'id' | 'groupId'>[]): Promise<void> {
  if (hosts.length === 0) return;
  // where each statement is a round trip, one; where it is none, one that is compiled once for all
  if (transactionContext(tx).direct === undefined) await upsert(tx, hosts.map(columnsOf)).execute();
  else for (const host of hosts) await upsertOne.run(tx, columnsOf(host));
}

const columnsOf = (host: Omit<SeenRow, 'id' | 'groupId'>) => ({
  num: host.num,
  last_seen_ms: host.lastSeenMs,
  bundle_generation: host.bundleGeneration,
  list_serial: host.listSerial,
  assignment_serial: host.assignmentSerial,
  policy_serial: host.policySerial,
  crl_number: host.crlNumber,
  heartbeat_seconds: host.heartbeatSeconds,
  shown_key: host.shownKey,
  orphaned_at_s: host.orphanedAtSeconds,
  fingerprint: host.fingerprint,
  // PostgreSQL stores no NUL
  version: host.version.replaceAll('\0', ''),
  boot_id: host.bootId.replaceAll('\0', ''),
  health: codes(host.health),
  capabilities: codes(host.capabilities),
});

const upsert = (db: DbOrTx, rows: ReturnType<typeof columnsOf>[]) =>
  db
    .insertInto('host_seen')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('num').doUpdateSet((row) => ({
        last_seen_ms: row.ref('excluded.last_seen_ms'),
        bundle_generation: row.ref('excluded.bundle_generation'),
        list_serial: row.ref('excluded.list_serial'),
        assignment_serial: row.ref('excluded.assignment_serial'),
        policy_serial: row.ref('excluded.policy_serial'),
        crl_number: row.ref('excluded.crl_number'),
        heartbeat_seconds: row.ref('excluded.heartbeat_seconds'),
        shown_key: row.ref('excluded.shown_key'),
        orphaned_at_s: row.ref('excluded.orphaned_at_s'),
        fingerprint: row.ref('excluded.fingerprint'),
        version: row.ref('excluded.version'),
        boot_id: row.ref('excluded.boot_id'),
        health: row.ref('excluded.health'),
        capabilities: row.ref('excluded.capabilities'),
      })),
    );

const upsertOne = prepared((db, row: ReturnType<typeof columnsOf>) => upsert(db, [row]));
