import type { HostId } from '@sekisho/core/ids.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { insertCertificate } from '../certificates/certificate-rows.ts';
import { touchShards } from './crl-shards.store.ts';

/** The root has one shard for all its certificates. */
const ROOT_SHARD = 0;

/**
 * F-34 A role certificate of the management server whose key was stolen, into the root's revocation list: it leads to the CA until its end,
 * and agents must not believe it. Again: nothing changes. The list is signed by the duty that signs all of them.
 */
export async function revokeServerCertificate(
  tx: Tx,
  stolen: {
    readonly certificate: Certificate;
    readonly rootKeyId: string;
    readonly serverHostId: HostId;
    readonly why: string;
    readonly nowMs: number;
  },
): Promise<void> {
  const { certificate, rootKeyId, serverHostId, why, nowMs } = stolen;
  const { fingerprint } = certificate;
  const known = await tx
    .selectFrom('certificates')
    .select('fingerprint')
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst();
  if (known !== undefined) return;
  await insertCertificate(tx, {
    certificate,
    issuerKeyId: rootKeyId,
    hostId: serverHostId,
    intentionId: why,
    replaces: null,
    crlShard: ROOT_SHARD,
    // older than the server's host certificate, which is the one that is shown of it
    nowMs: certificate.notBeforeMs,
  });
  const revoked = await tx
    .updateTable('certificates')
    .set({ revoked_at_ms: nowMs, revocation_reason: 'keyCompromise' })
    .where('fingerprint', '=', fingerprint)
    .returning(['issuer_key_id', 'crl_shard'])
    .execute();
  await touchShards(tx, revoked);
  await recordChange(tx, 'certificate', fingerprint);
}
