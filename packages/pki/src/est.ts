import { AppError } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { parseCertificate, type Certificate } from './certificate.ts';
import { DerError, DerReader, parsing } from './der/read.ts';
import { contextConstructed, element, oid, sequence, setOf, smallInteger, TAG } from './der/write.ts';
import { OID } from './oids.ts';

/** Certificates in one certs-only message. */
export const CERTS_ONLY_MAX = 16;

/**
 * A certs-only PKCS#7 (degenerate SignedData), what EST answers with. DER.
 * @source RFC 7030 §4.1.3, RFC 5652 §5.1
 */
export const certsOnlyPkcs7 = (certificates: readonly Certificate[]): Uint8Array =>
  sequence(
    oid(OID.signedData),
    element(
      contextConstructed(0),
      sequence(
        smallInteger(1),
        setOf(),
        sequence(oid(OID.data)),
        element(contextConstructed(0), ...certificates.map((certificate) => certificate.der)),
        setOf(),
      ),
    ),
  );

/** The certificates of a certs-only PKCS#7, in its order. Refusal: CERTIFICATE_MALFORMED. */
export function parseCertsOnly(der: Uint8Array): Certificate[] {
  if (der.length > CERTS_ONLY_MAX * CERTIFICATE_BYTES_MAX)
    throw new AppError('CERTIFICATE_MALFORMED', { detail: 'the message is too large' });
  return parsing('CERTIFICATE_MALFORMED', () => {
    const top = new DerReader(Buffer.from(der));
    const info = top.enter(TAG.sequence, 'a PKCS#7 message');
    top.finish('the PKCS#7 message');
    if (info.oid('the content type') !== OID.signedData) throw new DerError('it is not SignedData');
    const wrapped = info.enter(contextConstructed(0), 'the content');
    info.finish('the content');
    const signed = wrapped.enter(TAG.sequence, 'SignedData');
    wrapped.finish('SignedData');
    signed.small('the version');
    signed.take(TAG.set, 'the digest algorithms');
    signed.take(TAG.sequence, 'the encapsulated content');
    const list = signed.enter(contextConstructed(0), 'the certificates');
    signed.takeIf(contextConstructed(1));
    const signers = signed.enter(TAG.set, 'the signers');
    signers.finish('the signers: it is not certs-only');
    signed.finish('SignedData');
    const certificates: Certificate[] = [];
    while (!list.done) {
      if (certificates.length >= CERTS_ONLY_MAX) throw new DerError('too many certificates');
      certificates.push(parseCertificate(list.whole(list.take(TAG.sequence, 'a certificate'))));
    }
    if (certificates.length === 0) throw new DerError('no certificate is in it');
    return certificates;
  });
}

/**
 * What a request should look like: a P-256 key, signed with ECDSA and SHA-256. DER.
 * @source RFC 7030 §4.5.2
 */
export const csrAttrs = (): Uint8Array =>
  sequence(sequence(oid(OID.ecPublicKey), setOf(oid(OID.p256))), oid(OID.ecdsaSha256));
