import { verify, type KeyObject } from 'node:crypto';
import { DerError, type DerReader } from './der/read.ts';
import { nullElement, oid, sequence, TAG } from './der/write.ts';
import type { KeyAlgorithm } from './keys.ts';
import { OID } from './oids.ts';

/** AlgorithmIdentifier of what a signer of that algorithm makes. @source RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §6 */
export const SIGNATURE_ALGORITHM_DER: Readonly<Record<KeyAlgorithm, Uint8Array>> = {
  p256: sequence(oid(OID.ecdsaSha256)),
  p384: sequence(oid(OID.ecdsaSha384)),
  rsa3072: sequence(oid(OID.rsaSha256), nullElement),
  ed25519: sequence(oid(OID.ed25519)),
};

interface SignatureScheme {
  readonly keyType: 'ec' | 'rsa' | 'ed25519';
  readonly digest: string | null;
}

/** Everything that verifies here; what isn't in the table (SHA-1, MD5, PSS…) doesn't. */
const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map([
  [OID.ecdsaSha256, { keyType: 'ec', digest: 'sha256' }],
  [OID.ecdsaSha384, { keyType: 'ec', digest: 'sha384' }],
  [OID.ecdsaSha512, { keyType: 'ec', digest: 'sha512' }],
  [OID.rsaSha256, { keyType: 'rsa', digest: 'sha256' }],
  [OID.rsaSha384, { keyType: 'rsa', digest: 'sha384' }],
  [OID.rsaSha512, { keyType: 'rsa', digest: 'sha512' }],
  [OID.ed25519, { keyType: 'ed25519', digest: null }],
]);

/** Does this signature algorithm verify here at all? */
export const isKnownSignatureAlgorithm = (algorithmOid: string): boolean => SCHEMES.has(algorithmOid);

/** True when the signature is this key's over the data, by an algorithm of the table that fits the key. */
export function verifySignature(
  algorithmOid: string,
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const scheme = SCHEMES.get(algorithmOid);
  if (scheme === undefined || publicKey.asymmetricKeyType !== scheme.keyType) return false;
  try {
    return verify(scheme.digest, data, publicKey, signature);
  } catch {
    return false; // OpenSSL could not even read it as a signature
  }
}

/** OID of an AlgorithmIdentifier for signatures, with the parameters that RFC 4055/5758/8410 prescribe. */
export function readSignatureAlgorithm(reader: DerReader, what: string): string {
  const inner = reader.enter(TAG.sequence, what);
  const algorithm = inner.oid(what);
  const scheme = SCHEMES.get(algorithm);
  if (scheme === undefined) return algorithm; // judged, and refused, where it would be verified
  if (scheme.keyType === 'rsa' && inner.takeIf(TAG.null) === undefined)
    throw new DerError(`${what} lacks NULL`);
  inner.finish(what);
  return algorithm;
}
