import type { Certificate } from '@sekisho/pki/certificate.ts';
import {
  contextConstructed,
  element,
  nullElement,
  octetString,
  oid,
  sequence,
  unsignedInteger,
} from '@sekisho/pki/der/write.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { keyHash } from '@sekisho/pki/ocsp-response.ts';
import { hash } from 'node:crypto';

/** What a client sends that asks about one certificate, as openssl does: SHA-1 names the issuer. @source RFC 6960 §4.1.1 */
export function ocspRequestOf(issuer: Certificate, serial: string, nonce?: Uint8Array): Uint8Array {
  const certId = sequence(
    sequence(oid(OID.sha1), nullElement),
    octetString(hash('sha1', issuer.subjectDer, 'buffer')),
    octetString(keyHash(issuer, 'sha1')),
    unsignedInteger(Buffer.from(serial, 'hex')),
  );
  const list = sequence(sequence(certId));
  if (nonce === undefined) return sequence(sequence(list));
  const extension = sequence(oid(OID.ocspNonce), octetString(octetString(nonce)));
  return sequence(sequence(list, element(contextConstructed(2), sequence(extension))));
}
