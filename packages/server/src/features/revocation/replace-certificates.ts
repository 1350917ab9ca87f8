import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { touchShards } from './crl-shards.store.ts';

/** What a reissue replaced is revoked when the new certificate is first used (T-14). Returns the host, if one was. */
export async function recordFirstUse(
  parts: { store: Store; clock: Clock },
  fingerprint: Sha256Hex,
): Promise<HostId | undefined> {
  return parts.store.transaction(async (tx) => {
    const nowMs = parts.clock.nowMs();
    const row = await tx
      .updateTable('certificates')
      .set({ first_used_at_ms: nowMs })
      .where('fingerprint', '=', fingerprint)
      .where('first_used_at_ms', 'is', null)
      .returning('host_id')
      .executeTakeFirst();
    const hostId = row === undefined ? undefined : parseHostId(row.host_id);
    if (hostId === undefined) return undefined;
    await recordChange(tx, 'certificate', fingerprint);
    const replaced = await tx
      .selectFrom('certificates')
      .select('fingerprint')
      .where('host_id', '=', hostId)
      .where('fingerprint', '!=', fingerprint)
      .where('revoke_due_at_ms', 'is not', null)
      .where('revoked_at_ms', 'is', null)
      .execute();
    await revokeReplaced(
      tx,
      hostId,
      replaced.map((one) => one.fingerprint),
      nowMs,
    );
    return hostId;
  });
}

/** The same for those whose grace of ten minutes is over; a duty of one worker, fenced. Returns the hosts. */
export async function revokeOverdue(
  parts: { store: Store; clock: Clock },
  fence: (tx: Tx) => Promise<void>,
): Promise<HostId[]> {
  const nowMs = parts.clock.nowMs();
  const due = await parts.store.db
    .selectFrom('certificates')
    .select(['fingerprint', 'host_id'])
    .where('revoke_due_at_ms', '<=', nowMs)
    .where('revoked_at_ms', 'is', null)
    .limit(OVERDUE_PER_ROUND_MAX)
    .execute();
  const hosts: HostId[] = [];
  for (const row of due) {
    const hostId = parseHostId(row.host_id);
    if (hostId === undefined) continue;
    await parts.store.transaction(async (tx) => {
      await fence(tx);
      await revokeReplaced(tx, hostId, [row.fingerprint], nowMs);
    });
    hosts.push(hostId);
  }
  return hosts;
}

const OVERDUE_PER_ROUND_MAX = 500;

async function revokeReplaced(
  tx: Tx,
  hostId: HostId,
  fingerprints: readonly string[],
  nowMs: number,
): Promise<void> {
  if (fingerprints.length === 0) return;
  const revoked = await tx
    .updateTable('certificates')
    .set({ revoked_at_ms: nowMs, revocation_reason: 'superseded', revoke_due_at_ms: null })
    .where('fingerprint', 'in', fingerprints)
    .where('revoked_at_ms', 'is', null)
    .returning(['fingerprint', 'issuer_key_id', 'crl_shard'])
    .execute();
  await touchShards(tx, revoked);
  for (const { fingerprint } of revoked) {
    const audit = {
      act: 'revoke-replaced',
      actor: 'system',
      origin: 'server',
      subject: hostId,
      outcome: 'done',
      detail: { fingerprint, reason: 'superseded' },
    } as const;
    await recordAudit(tx, audit, nowMs);
  }
  if (revoked.length > 0) await recordChange(tx, 'revocation', hostId);
}
