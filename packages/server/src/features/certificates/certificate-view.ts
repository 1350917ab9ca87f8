import type { CertificateView } from '@sekisho/core/wire/trust.ts';
import type { CertificateRow } from './certificate-rows.ts';

/** A certificate as administrators see it. */
export const viewCertificate = (row: CertificateRow & { hostName: string }): CertificateView => ({
  fingerprint: row.fingerprint,
  serial: row.serial,
  issuerKeyId: row.issuerKeyId,
  hostId: row.hostId,
  hostName: row.hostName,
  notBeforeMs: row.notBeforeMs,
  notAfterMs: row.notAfterMs,
  issuedAtMs: row.issuedAtMs,
  revokedAtMs: row.revokedAtMs,
  reason: row.reason,
});
