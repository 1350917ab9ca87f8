import { DAY_MS } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { X509Certificate } from 'node:crypto';
import { coversName } from '@sekisho/pki/verify.ts';
import { findingsOf, type Finding } from './finding.ts';

/** A CA is changed with care: time is scarce sooner than with what renews by itself. */
const SOON_DAYS: Readonly<Record<string, number>> = { root: 365, issuing: 90 };
const SOON_DAYS_ELSE = 30;
/** What lives a short time is renewed with less left: no renewal is put off beyond this share of a life. */
const SOON_SHARE = 1 / 6;

/** Days left of one certificate. */
export function checkDays(role: string, certificate: Certificate, nowMs: number): Finding {
  const { found } = findingsOf('certificates');
  const leftMs = certificate.notAfterMs - nowMs;
  const days = Math.floor(leftMs / DAY_MS);
  const lifeMs = certificate.notAfterMs - certificate.notBeforeMs;
  const soonMs = Math.min((SOON_DAYS[role] ?? SOON_DAYS_ELSE) * DAY_MS, lifeMs * SOON_SHARE);
  if (certificate.notAfterMs < nowMs)
    return found('fault', 'certificateExpired', {
      role,
      date: new Date(certificate.notAfterMs).toISOString().slice(0, 10),
    });
  return leftMs < soonMs
    ? found('warning', 'certificateSoon', { role, days })
    : found('ok', 'certificateOk', { role, days });
}

/** Did one of these CAs sign it? */
export function checkSigned(role: string, certificate: Certificate, cas: readonly Certificate[]): Finding[] {
  const { found } = findingsOf('certificates');
  const signed = cas.some(
    (ca) => Buffer.compare(ca.subjectDer, certificate.issuerDer) === 0 && isSignedBy(certificate, ca),
  );
  return signed ? [] : [found('fault', 'certificateUnsigned', { role })];
}

/** Are all names under which the server is dialled in its certificate? */
export const checkNames = (certificate: Certificate, addresses: readonly string[]): Finding[] =>
  addresses
    .filter((name) => !coversName(certificate, name))
    .map((name) => findingsOf('certificates').found('warning', 'certificateNames', { name }));

function isSignedBy(certificate: Certificate, ca: Certificate): boolean {
  try {
    return new X509Certificate(certificate.der).verify(ca.publicKey);
  } catch {
    return false;
  }
}
