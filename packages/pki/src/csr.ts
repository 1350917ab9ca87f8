import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import { checkDer, DerError, DerReader, parsing } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  element,
  oid,
  sequence,
  setOf,
  smallInteger,
  TAG,
} from './der/write.ts';
import { extKeyUsage, readExtensions, subjectAltName, type ParsedExtensions } from './extensions.ts';
import { sha256Hex, type KeyAlgorithm } from './keys.ts';
import { commonNameDer, readName } from './name.ts';
import { OID } from './oids.ts';
import { fromBase64, pemBlocks } from './pem.ts';
import { readSignatureAlgorithm, SIGNATURE_ALGORITHM_DER, verifySignature } from './signature.ts';
import type { Signer } from './signer.ts';
import { judgeKey, publicKeyOfSpki } from './spki.ts';

/** A verified PKCS#10 request. Only the key is proved; the names in it are wishes (T-10). */
export interface CertificateRequest {
  readonly der: Uint8Array;
  readonly sha256: Sha256Hex;
  readonly commonName: string | undefined;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  readonly spkiDer: Uint8Array;
  readonly keyAlgorithm: KeyAlgorithm;
  /** It asks for the extended key usage serverAuth: what a media server needs. */
  readonly wantsServerAuth: boolean;
  readonly subjectDer: Uint8Array;
}

/**
 * Reads a request in DER and checks size, grammar, key policy and proof of possession (T-15).
 * Refusals: CSR_TOO_LARGE, CSR_MALFORMED, CSR_KEY_UNSUPPORTED, CSR_KEY_WEAK, CSR_SIGNATURE_INVALID.
 * @source RFC 2986 §4
 */
export function parseCertificateRequest(bytes: Uint8Array): CertificateRequest {
  if (bytes.length > CSR_BYTES_MAX) throw new AppError('CSR_TOO_LARGE', { limitBytes: CSR_BYTES_MAX });
  return parsing('CSR_MALFORMED', () => {
    const der = Buffer.from(bytes);
    checkDer(der);
    const outer = new DerReader(der).enter(TAG.sequence, 'a certificate request');
    const info = outer.take(TAG.sequence, 'certificationRequestInfo');
    const algorithm = readSignatureAlgorithm(outer, 'the signature algorithm');
    const signature = outer.bits('the signature');
    outer.finish('the signature');

    const reader = outer.inside(info);
    if (reader.small('the version') !== 0) throw new DerError('it is not of version 1');
    const subject = readName(reader, 'the subject');
    const spki = reader.take(TAG.sequence, 'the key');
    const spkiDer = reader.whole(spki);
    const judgement = judgeKey(der, spki);
    if (!judgement.accepted)
      throw new AppError(judgement.reason === 'weak' ? 'CSR_KEY_WEAK' : 'CSR_KEY_UNSUPPORTED', {
        detail: judgement.detail,
      });
    const attributes = reader.enterIf(contextConstructed(0));
    const extensions = attributes === undefined ? undefined : readAttributes(attributes);
    reader.finish('the attributes');

    if (!verifySignature(algorithm, publicKeyOfSpki(spkiDer), outer.whole(info), signature))
      throw new AppError('CSR_SIGNATURE_INVALID');
    return {
      der,
      sha256: sha256Hex(der),
      commonName: subject.commonName,
      dns: extensions?.san.dns ?? [],
      ips: extensions?.san.ips ?? [],
      uris: extensions?.san.uris ?? [],
      spkiDer,
      keyAlgorithm: judgement.algorithm,
      wantsServerAuth: extensions?.extKeyUsages.includes(OID.serverAuth) ?? false,
      subjectDer: subject.der,
    };
  });
}

/**
 * DER of a request in PEM or plain base64 (EST sends that): for `parseCertificateRequest`.
 * Refusals: CSR_TOO_LARGE, CSR_MALFORMED.
 */
export function requestBytesOfText(text: string): Uint8Array {
  if (text.length > CSR_BYTES_MAX * 2) throw new AppError('CSR_TOO_LARGE', { limitBytes: CSR_BYTES_MAX });
  if (!text.includes('-----')) return fromBase64(text, 'CSR_MALFORMED');
  const [first, second] = [
    ...pemBlocks(text, 'CERTIFICATE REQUEST', 'CSR_MALFORMED'),
    ...pemBlocks(text, 'NEW CERTIFICATE REQUEST', 'CSR_MALFORMED'),
  ];
  if (first === undefined || second !== undefined)
    throw new AppError('CSR_MALFORMED', { detail: 'not one PEM block CERTIFICATE REQUEST' });
  return first;
}

const ATTRIBUTES_MAX = 16;

/** The requested extensions; other attributes (challengePassword, …) are read over. */
function readAttributes(attributes: DerReader): ParsedExtensions | undefined {
  let extensions: ParsedExtensions | undefined;
  for (let count = 0; !attributes.done; count += 1) {
    if (count >= ATTRIBUTES_MAX) throw new DerError('too many attributes');
    const attribute = attributes.enter(TAG.sequence, 'an attribute');
    const type = attribute.oid('an attribute');
    const values = attribute.enter(TAG.set, 'the values of an attribute');
    attribute.finish('an attribute');
    if (type !== OID.extensionRequest) continue;
    if (extensions !== undefined) throw new DerError('extensions are requested twice');
    extensions = readExtensions(values);
    values.finish('the requested extensions');
  }
  return extensions;
}

/** A signed request for the signer's own key. */
export async function createCertificateRequest(wish: {
  readonly signer: Signer;
  readonly commonName: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  readonly serverAuth?: boolean;
}): Promise<Uint8Array> {
  const { signer, dns = [], ips = [], uris = [] } = wish;
  const extensions = [
    extKeyUsage(wish.serverAuth === true ? [OID.clientAuth, OID.serverAuth] : [OID.clientAuth]),
    ...(dns.length + ips.length + uris.length > 0 ? [subjectAltName({ uris, dns, ips })] : []),
  ];
  const info = sequence(
    smallInteger(0),
    commonNameDer(wish.commonName),
    signer.spkiDer,
    element(contextConstructed(0), sequence(oid(OID.extensionRequest), setOf(sequence(...extensions)))),
  );
  const signature = await signer.sign(info);
  return sequence(info, SIGNATURE_ALGORITHM_DER[signer.algorithm], bitString(signature));
}
