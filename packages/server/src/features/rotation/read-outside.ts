import { parsePemCertificates, type Certificate } from '@sekisho/pki/certificate.ts';
import { privateKeyFromPem } from '@sekisho/pki/keys.ts';
import type { KeyObject } from 'node:crypto';
import type { OutsideCertificate } from './rotation-change.ts';

/** A certificate from outside that was checked (F-30). Refusals: SECRET_UNREADABLE, CERTIFICATE_MALFORMED. */
export function readOutside(outside: OutsideCertificate): {
  privateKey: KeyObject;
  certificate: Certificate;
  outsideChain: Certificate[];
} {
  const [certificate, ...outsideChain] = parsePemCertificates(outside.chainPem);
  if (certificate === undefined) throw new Error('a certificate from outside was not checked');
  return { privateKey: privateKeyFromPem(outside.keyPem), certificate, outsideChain };
}
