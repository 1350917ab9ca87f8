import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { decideRevocation } from '@sekisho/core/rules/revocation.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { RevocationReason } from '@sekisho/core/wire/trust.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { certificatesOfHost, type CertificateRow } from '../certificates/certificate-rows.ts';
import { findHost, lockHost } from '../hosts/host-rows.ts';
import { touchShards } from './crl-shards.store.ts';
import { countOthers } from './count-spread.ts';
import { insertRevocation } from './revocation-rows.ts';

/**
 * T-40: all certificates of a host, from this moment: the registry refuses it, its sockets here are cut, the other workers
 * do the same when the change feed tells them, and a new CRL is signed and pushed.
 * Refusals: NOT_FOUND, SERVER_NOT_REVOKED.
 */
export async function revokeHost(
  context: ServerContext,
  request: { hostId: HostId; reason: RevocationReason },
  principal: Principal,
): Promise<{ revoked: CertificateRow[]; cutConnections: number; num: number | null }> {
  const { hostId, reason } = request;
  const decision = decideRevocation(hostId, context.domain.serverHostId);
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  const cutConnections = context.connections.count(hostId);
  const others = await countOthers(context, hostId);
  const { fingerprints, num } = await context.store.transaction(async (tx) => {
    await lockHost(tx, hostId);
    const host = await findHost(tx, hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    const nowMs = context.clock.nowMs();
    const revoked = await tx
      .updateTable('certificates')
      .set({ revoked_at_ms: nowMs, revocation_reason: reason, revoke_due_at_ms: null })
      .where('host_id', '=', hostId)
      .where('revoked_at_ms', 'is', null)
      .returning(['fingerprint', 'issuer_key_id', 'crl_shard'])
      .execute();
    const needs = await touchShards(tx, revoked);
    // T-43, and nothing that was approved before comes out after: neither the flag nor a signature under way
    await tx.updateTable('hosts').set({ reissue_until_ms: null }).where('id', '=', hostId).execute();
    await tx
      .updateTable('intentions')
      .set({ finished_at_ms: nowMs, failure: 'ISSUANCE_WITHDRAWN' })
      .where('host_id', '=', hostId)
      .where('finished_at_ms', 'is', null)
      .execute();
    const audit = {
      act: 'revoke-host',
      actor: principal.name,
      origin: principal.origin,
      subject: hostId,
      outcome: 'done',
      detail: { name: host.name, reason, certificates: revoked.map(({ fingerprint }) => fingerprint) },
    } as const;
    await recordAudit(tx, audit, nowMs);
    await recordChange(tx, 'revocation', hostId);
    await recordChange(tx, 'host', hostId);
    if (revoked.length === 0) return { fingerprints: new Set<string>(), num: null };
    const spread = { needs, ...others, certificates: revoked.length };
    const num = await insertRevocation(tx, { hostId, reason, revokedBy: principal.name, ...spread }, nowMs);
    return { fingerprints: new Set(revoked.map(({ fingerprint }) => fingerprint)), num };
  });
  await context.registry.refreshHost(hostId);
  await publishRevocation(context);
  context.log.info({ hostId, reason, cutConnections }, 'host revoked');
  const rows = await certificatesOfHost(context.store.db, hostId);
  return { revoked: rows.filter((row) => fingerprints.has(row.fingerprint)), cutConnections, num };
}

/** The revocation itself stands already: a CRL that can't be signed now is signed by the trust loop. */
async function publishRevocation(context: ServerContext): Promise<void> {
  try {
    await context.crlSigner.signDue();
    // it pushes the new list to the agents that are here
    await context.feed.catchUp();
  } catch (error) {
    context.log.error({ err: error }, 'the new CRL could not be signed yet');
  }
}
