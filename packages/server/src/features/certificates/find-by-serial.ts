import { parseSha256Hex, type Sha256Hex } from '@sekisho/core/ids.ts';
import { REVOCATION_REASONS, type RevocationReason } from '@sekisho/core/wire/trust.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';

/** What is told of a certificate to whoever asks by its issuer and serial. */
export interface CertificateStatus {
  readonly fingerprint: Sha256Hex;
  readonly revokedAtMs: number | null;
  readonly revokeDueAtMs: number | null;
  readonly reason: RevocationReason | null;
}

/** The state of a certificate of this issuer key, by its serial (lower-case hex, no leading zero bytes). */
export async function findBySerial(
  db: DbOrTx,
  issuerKeyId: string,
  serial: string,
): Promise<CertificateStatus | undefined> {
  const row = await selectBySerial.first(db, { issuerKeyId, serial });
  const fingerprint = row === undefined ? undefined : parseSha256Hex(row.fingerprint);
  if (row === undefined || fingerprint === undefined) return undefined;
  return {
    fingerprint,
    revokedAtMs: row.revoked_at_ms,
    revokeDueAtMs: row.revoke_due_at_ms,
    reason: REVOCATION_REASONS.find((known) => known === row.revocation_reason) ?? null,
  };
}

const selectBySerial = prepared((db, wish: { issuerKeyId: string; serial: string }) =>
  db
    .selectFrom('certificates')
    .select(['fingerprint', 'revoked_at_ms', 'revoke_due_at_ms', 'revocation_reason'])
    .where('issuer_key_id', '=', wish.issuerKeyId)
    .where('serial', '=', wish.serial),
);
