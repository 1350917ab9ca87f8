import { AppError } from '@sekisho/core/errors.ts';
import {
  REQUEST_KIND,
  REQUEST_SIGNATURE_LENGTH_MAX,
  signedRequest,
  type SignedRequest,
} from '@sekisho/core/wire/signed-request.ts';
import { CompactSign, compactVerify } from 'jose';
import type { KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { readDocumentHeader } from './document-header.ts';
import type { KeyAlgorithm } from './keys.ts';

/** JWS algorithm by the key of the host's certificate: one each, so that nobody chooses. @source RFC 7518 §3.1, RFC 9864 */
const ALGORITHMS: Readonly<Record<KeyAlgorithm, string>> = {
  p256: 'ES256',
  p384: 'ES384',
  rsa3072: 'PS256',
  ed25519: 'Ed25519',
};

/** Signs a request that goes without TLS (F-20), with the key of the host's certificate: JWS compact, for its header. */
export async function signRequest(
  request: SignedRequest,
  by: { readonly privateKey: KeyObject; readonly certificate: Certificate },
): Promise<string> {
  const { certificate, privateKey } = by;
  const { keyAlgorithm } = certificate;
  if (keyAlgorithm === undefined) throw new TypeError('a key of a kind that does not sign here');
  return new CompactSign(Buffer.from(JSON.stringify(signedRequest.parse(request))))
    .setProtectedHeader({
      alg: ALGORITHMS[keyAlgorithm],
      typ: REQUEST_KIND,
      kid: certificate.keyId,
      x5c: [Buffer.from(certificate.der).toString('base64')],
    })
    .sign(privateKey);
}

/**
 * Verifies the signature of a request. `judge` says whose certificate that is, and throws unless it counts: the key that a request brings
 * along is believed for no other reason. That it is this very request is for the caller to compare. Refusals: REQUEST_SIGNATURE_INVALID,
 * and what `judge` throws.
 */
export async function verifyRequest<Judged>(
  jws: string,
  judge: (leaf: Certificate) => Judged,
): Promise<{ readonly request: SignedRequest; readonly judged: Judged }> {
  if (jws.length > REQUEST_SIGNATURE_LENGTH_MAX) throw invalid('it is too long');
  const { alg, leaf } = readHeader(jws);
  const algorithm = leaf.keyAlgorithm === undefined ? undefined : ALGORITHMS[leaf.keyAlgorithm];
  if (algorithm === undefined || alg !== algorithm) throw invalid('the algorithm is not that of the key');
  const judged = judge(leaf);
  try {
    const { payload } = await compactVerify(jws, leaf.publicKey, { algorithms: [algorithm] });
    return { request: signedRequest.parse(JSON.parse(Buffer.from(payload).toString('utf8'))), judged };
  } catch (error) {
    throw invalid('the signature is wrong', error);
  }
}

function readHeader(jws: string): { alg: string; leaf: Certificate } {
  let found: ReturnType<typeof readDocumentHeader>;
  try {
    found = readDocumentHeader(jws);
  } catch (error) {
    throw invalid('it can not be read', error);
  }
  const { header, chain } = found;
  const [leaf] = chain;
  if (header.typ !== REQUEST_KIND) throw invalid('it is not the signature of a request');
  if (leaf === undefined || chain.length > 1 || header.kid !== leaf.keyId)
    throw invalid('it is not by the key of one certificate');
  return { alg: header.alg, leaf };
}

const invalid = (detail: string, cause?: unknown): AppError =>
  new AppError('REQUEST_SIGNATURE_INVALID', { detail }, { cause });
