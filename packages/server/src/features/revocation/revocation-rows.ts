import type { HostId } from '@sekisho/core/ids.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import type { Reach } from '@sekisho/core/rules/rights.ts';
import { REVOCATION_REASONS, type RevocationReason } from '@sekisho/core/wire/trust.ts';
import { z } from 'zod';
import { nextValue } from '../../store/counters.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { hostsWithin } from '../groups/within-reach.ts';
import type { ShardRevision, ShardRow } from './crl-shards.store.ts';

/** A revocation by an administrator, and how far it has spread (T-44). */
export interface RevocationRow {
  readonly num: number;
  readonly hostId: HostId;
  readonly reason: RevocationReason;
  readonly atMs: number;
  readonly revokedBy: string;
  readonly certificates: number;
  /** The number of the list from which on it is known everywhere; null while no list names it yet. */
  readonly crlNumber: number | null;
  readonly listedAtMs: number | null;
  /** Other hosts that had to hear of it. */
  readonly hostsThen: number;
  /** Hosts with higher numbers came later. */
  readonly lastHostNum: number;
  readonly confirmed: number;
  readonly halfAtMs: number | null;
  readonly allAtMs: number | null;
}

const COLUMNS = [
  'num',
  'host_id',
  'reason',
  'at_ms',
  'revoked_by',
  'certificates',
  'crl_number',
  'listed_at_ms',
  'hosts_then',
  'last_host_num',
  'confirmed',
  'half_at_ms',
  'all_at_ms',
] as const;

/** Revocations that wait for their list at once; one more waits with the next. */
const UNLISTED_PER_LIST_MAX = 10_000;
const neededRevisions = z.array(
  z.object({ issuerKeyId: z.string(), shard: z.number(), revision: z.number() }),
);

export async function insertRevocation(
  tx: Tx,
  row: {
    hostId: HostId;
    reason: RevocationReason;
    revokedBy: string;
    certificates: number;
    /** The lists that will name it. */
    needs: readonly ShardRevision[];
    hostsThen: number;
    lastHostNum: number;
  },
  nowMs: number,
): Promise<number> {
  const num = await nextValue(tx, 'revocation');
  await tx
    .insertInto('revocations')
    .values({
      num,
      host_id: row.hostId,
      reason: row.reason,
      at_ms: nowMs,
      revoked_by: row.revokedBy,
      certificates: row.certificates,
      needs: JSON.stringify(row.needs),
      crl_number: null,
      listed_at_ms: null,
      hosts_then: row.hostsThen,
      last_host_num: row.lastHostNum,
      confirmed: 0,
      half_at_ms: null,
      all_at_ms: null,
    })
    .execute();
  return num;
}

/** A new list of a shard is published: the revocations that waited for nothing else have their number now. */
export async function markListed(tx: Tx, shard: ShardRow, number: number, nowMs: number): Promise<void> {
  const rows = await tx
    .selectFrom('revocations')
    .select(['num', 'needs'])
    .where('all_at_ms', 'is', null)
    .where('crl_number', 'is', null)
    .orderBy('num')
    .limit(UNLISTED_PER_LIST_MAX)
    .execute();
  for (const row of rows) {
    const needs = neededRevisions.parse(JSON.parse(row.needs));
    const left = needs.filter(
      (need) =>
        need.issuerKeyId !== shard.issuerKeyId ||
        need.shard !== shard.shard ||
        need.revision > shard.revision,
    );
    if (left.length === needs.length) continue;
    await tx
      .updateTable('revocations')
      .set({
        needs: JSON.stringify(left),
        ...(left.length === 0 ? { crl_number: number, listed_at_ms: nowMs } : {}),
      })
      .where('num', '=', row.num)
      .execute();
  }
}

/** What was counted of a revocation. */
export async function updateSpread(
  tx: Tx,
  num: number,
  spread: { confirmed: number; halfAtMs: number | null; allAtMs: number | null },
): Promise<void> {
  await tx
    .updateTable('revocations')
    .set({ confirmed: spread.confirmed, half_at_ms: spread.halfAtMs, all_at_ms: spread.allAtMs })
    .where('num', '=', num)
    .execute();
}

/** Revocations that not all hosts have confirmed, the newest first. */
export async function listOpenRevocations(
  db: DbOrTx,
  sinceMs: number,
  limit: number,
): Promise<RevocationRow[]> {
  const rows = await db
    .selectFrom('revocations')
    .select(COLUMNS)
    .where('all_at_ms', 'is', null)
    .where('at_ms', '>=', sinceMs)
    .orderBy('num', 'desc')
    .limit(limit)
    .execute();
  return rows.map(rowOf);
}

/** A page, the newest first, of hosts within reach. */
export async function listRevocationRows(
  db: DbOrTx,
  page: { limit: number; before: number | undefined; hostId: HostId | undefined; reach: Reach },
): Promise<RevocationRow[]> {
  let query = db.selectFrom('revocations').select(COLUMNS).orderBy('num', 'desc').limit(page.limit);
  if (page.before !== undefined) query = query.where('num', '<', page.before);
  if (page.hostId !== undefined) query = query.where('host_id', '=', page.hostId);
  if (page.reach !== 'domain') query = query.where('host_id', 'in', hostsWithin(db, page.reach));
  return (await query.execute()).map(rowOf);
}

export async function findRevocation(db: DbOrTx, num: number): Promise<RevocationRow | undefined> {
  const row = await db.selectFrom('revocations').select(COLUMNS).where('num', '=', num).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

function rowOf(row: {
  num: number;
  host_id: string;
  reason: string;
  at_ms: number;
  revoked_by: string;
  certificates: number;
  crl_number: number | null;
  listed_at_ms: number | null;
  hosts_then: number;
  last_host_num: number;
  confirmed: number;
  half_at_ms: number | null;
  all_at_ms: number | null;
}): RevocationRow {
  const hostId = parseHostId(row.host_id);
  if (hostId === undefined) throw new Error(`the row of revocation ${row.num} is not readable`);
  return {
    num: row.num,
    hostId,
    reason: REVOCATION_REASONS.find((known) => known === row.reason) ?? 'unspecified',
    atMs: row.at_ms,
    revokedBy: row.revoked_by,
    certificates: row.certificates,
    crlNumber: row.crl_number,
    listedAtMs: row.listed_at_ms,
    hostsThen: row.hosts_then,
    lastHostNum: row.last_host_num,
    confirmed: row.confirmed,
    halfAtMs: row.half_at_ms,
    allAtMs: row.all_at_ms,
  };
}
