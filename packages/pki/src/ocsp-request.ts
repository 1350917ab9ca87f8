import { AppError } from '@sekisho/core/errors.ts';
import { readSerial } from './certificate.ts';
import { checkDer, DerError, DerReader, parsing } from './der/read.ts';
import { contextConstructed, TAG } from './der/write.ts';
import { OID } from './oids.ts';

/** A request in bytes: what a client asks about a few certificates fits several times. */
export const OCSP_REQUEST_BYTES_MAX = 4 * 1024;
/** Certificates in one request. */
export const OCSP_QUESTIONS_MAX = 16;
/** @source RFC 9654 §2.1 */
export const OCSP_NONCE_BYTES_MAX = 128;

/** Hashes by which a request may name an issuer; SHA-1 hides nothing here, it only names. @source RFC 5019 §2.1.1 */
export const OCSP_HASHES: ReadonlyMap<string, string> = new Map([
  [OID.sha1, 'sha1'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
]);

/** One certificate that is asked about. */
export interface OcspQuestion {
  /** The whole CertID, as it goes into the answer. */
  readonly certIdDer: Uint8Array;
  /** Of node:crypto; undefined for a hash that is not known here. */
  readonly hash: string | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
}

export interface OcspRequest {
  readonly questions: readonly OcspQuestion[];
  readonly nonce: Uint8Array | undefined;
}

/**
 * Reads a request, strictly and bounded. A signature on it is read over: everybody may ask. Refusal: OCSP_MALFORMED.
 * @source RFC 6960 §4.1, RFC 9654 §2.1
 */
export function parseOcspRequest(der: Uint8Array): OcspRequest {
  if (der.length > OCSP_REQUEST_BYTES_MAX)
    throw new AppError('OCSP_MALFORMED', { detail: `larger than ${OCSP_REQUEST_BYTES_MAX} bytes` });
  return parsing('OCSP_MALFORMED', () => {
    checkDer(der);
    const top = new DerReader(der);
    const outer = top.enter(TAG.sequence, 'a request');
    const tbs = outer.enter(TAG.sequence, 'tbsRequest');
    outer.takeIf(contextConstructed(0));
    outer.finish('the request');
    if (tbs.peek() === contextConstructed(0)) throw new DerError('it is not of version 1');
    tbs.takeIf(contextConstructed(1)); // the requestor's name
    const list = tbs.enter(TAG.sequence, 'requestList');
    const questions: OcspQuestion[] = [];
    while (!list.done) {
      if (questions.length >= OCSP_QUESTIONS_MAX) throw new DerError('too many certificates');
      questions.push(readQuestion(list.enter(TAG.sequence, 'a question')));
    }
    if (questions.length === 0) throw new DerError('it asks about no certificate');
    const nonce = readNonce(tbs.enterIf(contextConstructed(2)));
    tbs.finish('tbsRequest');
    return { questions, nonce };
  });
}

function readQuestion(question: DerReader): OcspQuestion {
  const whole = question.take(TAG.sequence, 'a CertID');
  const id = question.inside(whole);
  const algorithm = id.enter(TAG.sequence, 'the hash algorithm');
  const hash = OCSP_HASHES.get(algorithm.oid('the hash algorithm'));
  // the CertID comes back in an answer that we sign and keep: there is room for nothing else in it
  algorithm.takeIf(TAG.null);
  algorithm.finish('the hash algorithm');
  const issuerNameHash = id.octets('issuerNameHash');
  const issuerKeyHash = id.octets('issuerKeyHash');
  const serial = readSerial(id).hex;
  id.finish('a CertID');
  const extensions = question.enterIf(contextConstructed(0));
  if (extensions !== undefined) readExtensions(extensions, () => false);
  question.finish('a question');
  return { certIdDer: question.whole(whole), hash, issuerNameHash, issuerKeyHash, serial };
}

function readNonce(extensions: DerReader | undefined): Uint8Array | undefined {
  let nonce: Uint8Array | undefined;
  if (extensions === undefined) return undefined;
  readExtensions(extensions, (type, value) => {
    if (type !== OID.ocspNonce) return false;
    nonce = value.octets('the nonce');
    value.finish('the nonce');
    if (nonce.length === 0 || nonce.length > OCSP_NONCE_BYTES_MAX)
      throw new DerError('a nonce of wrong length');
    return true;
  });
  return nonce;
}

/** Those that are not known are read over, unless they are critical. */
function readExtensions(outer: DerReader, take: (type: string, value: DerReader) => boolean): void {
  const list = outer.enter(TAG.sequence, 'the extensions');
  outer.finish('the extensions');
  const seen = new Set<string>();
  while (!list.done) {
    const one = list.enter(TAG.sequence, 'an extension');
    const type = one.oid('an extension');
    const critical = one.flag('the critical mark of an extension');
    const value = one.enter(TAG.octetString, 'the value of an extension');
    one.finish('an extension');
    if (seen.has(type)) throw new DerError(`the extension ${type} comes twice`);
    seen.add(type);
    if (!take(type, value) && critical) throw new DerError(`the critical extension ${type} is not known`);
  }
}
