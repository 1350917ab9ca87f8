import { hash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { CRL_REASONS, type CrlReason } from './crl.ts';
import { DerReader, parsing } from './der/read.ts';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  element,
  generalizedTime,
  octetString,
  oid,
  sequence,
  TAG,
} from './der/write.ts';
import { extension } from './extensions.ts';
import type { Issuer } from './issue.ts';
import type { OcspQuestion } from './ocsp-request.ts';
import { OID } from './oids.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

/** What is known of a certificate. `unknown`: this responder never issued it. */
export type OcspState =
  | { readonly state: 'good' }
  | { readonly state: 'revoked'; readonly revokedAtMs: number; readonly reason: CrlReason }
  | { readonly state: 'unknown' };

export interface OcspAnswer {
  readonly question: Pick<OcspQuestion, 'certIdDer'>;
  readonly state: OcspState;
}

/** Refusals that need no signature. @source RFC 6960 §4.2.1 */
export const OCSP_REFUSALS = { malformedRequest: 1, internalError: 2, tryLater: 3, unauthorized: 6 } as const;
export type OcspRefusal = keyof typeof OCSP_REFUSALS;

/** An OCSPResponse that only says why there is no answer. */
export const ocspRefusal = (why: OcspRefusal): Uint8Array =>
  sequence(element(TAG.enumerated, Uint8Array.of(OCSP_REFUSALS[why])));

/**
 * A signed answer to the questions of one request, in their order, with the responder's certificate in it. DER.
 * @source RFC 6960 §4.2
 */
export async function signOcspResponse(wish: {
  /** The responder's own certificate and key. */
  readonly responder: Issuer;
  readonly answers: readonly OcspAnswer[];
  readonly nonce: Uint8Array | undefined;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}): Promise<Uint8Array> {
  const { certificate, signer } = wish.responder;
  const thisUpdate = generalizedTime(wish.thisUpdateMs);
  const times = [thisUpdate, element(contextConstructed(0), generalizedTime(wish.nextUpdateMs))];
  const tbs = sequence(
    responderParts(certificate).id,
    thisUpdate,
    sequence(
      ...wish.answers.map(({ question, state }) => sequence(question.certIdDer, stateDer(state), ...times)),
    ),
    ...(wish.nonce === undefined ? [] : [nonceExtension(wish.nonce)]),
  );
  const basic = sequence(
    tbs,
    SIGNATURE_ALGORITHM_DER[signer.algorithm],
    bitString(await signer.sign(tbs)),
    responderParts(certificate).chain,
  );
  return sequence(SUCCESSFUL, element(contextConstructed(0), sequence(OCSP_BASIC, octetString(basic))));
}

const SUCCESSFUL = element(TAG.enumerated, Uint8Array.of(0));
const OCSP_BASIC = oid(OID.ocspBasic);
const GOOD = element(contextPrimitive(0));
const UNKNOWN = element(contextPrimitive(2));

function stateDer(state: OcspState): Uint8Array {
  switch (state.state) {
    case 'good':
      return GOOD;
    case 'unknown':
      return UNKNOWN;
    case 'revoked': {
      const reason = CRL_REASONS.get(state.reason) ?? 0;
      const parts = [generalizedTime(state.revokedAtMs)];
      if (reason !== 0)
        parts.push(element(contextConstructed(0), element(TAG.enumerated, Uint8Array.of(reason))));
      return element(contextConstructed(1), ...parts);
    }
  }
}

const nonceExtension = (nonce: Uint8Array): Uint8Array =>
  element(contextConstructed(1), sequence(extension(OID.ocspNonce, false, octetString(nonce))));

/** What is the same in all answers of a responder. */
function responderParts(certificate: Certificate): { readonly id: Uint8Array; readonly chain: Uint8Array } {
  let parts = responders.get(certificate);
  if (parts === undefined) {
    parts = {
      id: element(contextConstructed(2), octetString(keyHash(certificate, 'sha1'))),
      chain: element(contextConstructed(0), sequence(certificate.der)),
    };
    responders.set(certificate, parts);
  }
  return parts;
}
const responders = new WeakMap<Certificate, { readonly id: Uint8Array; readonly chain: Uint8Array }>();

/** Hash of a CA's name, as OCSP names it. */
export const nameHash = (issuer: Certificate, algorithm: string): Uint8Array =>
  hash(algorithm, issuer.subjectDer, 'buffer');

/** Hash of a certificate's public key, as OCSP names it: the content of its BIT STRING. */
export const keyHash = (certificate: Certificate, algorithm: string): Uint8Array =>
  parsing('CERTIFICATE_MALFORMED', () => {
    const spki = new DerReader(certificate.spkiDer).enter(TAG.sequence, 'the key');
    spki.take(TAG.sequence, 'the key algorithm');
    return hash(algorithm, spki.bits('the key'), 'buffer');
  });

/** Does a question name this CA as the issuer? */
export function isIssuerOf(question: OcspQuestion, issuer: Certificate): boolean {
  if (question.hash === undefined) return false;
  const key = question.hash;
  let known = issuerHashes.get(issuer);
  if (known === undefined) issuerHashes.set(issuer, (known = new Map()));
  let hashes = known.get(key);
  if (hashes === undefined) {
    hashes = { name: nameHash(issuer, key), key: keyHash(issuer, key) };
    known.set(key, hashes);
  }
  return (
    Buffer.compare(hashes.name, question.issuerNameHash) === 0 &&
    Buffer.compare(hashes.key, question.issuerKeyHash) === 0
  );
}
const issuerHashes = new WeakMap<Certificate, Map<string, { name: Uint8Array; key: Uint8Array }>>();
