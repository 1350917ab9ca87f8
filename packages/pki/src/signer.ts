import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { keyAlgorithmOf, keyIdOfSpki, spkiOf, type KeyAlgorithm } from './keys.ts';

/**
 * Something that signs with a key it doesn't show. Asynchronous, so that a PKCS#11 token or a KMS fits (T-07).
 * ECDSA signatures are DER (P-256 with SHA-256, P-384 with SHA-384); RSA is PKCS#1 v1.5 with SHA-256.
 */
export interface Signer {
  readonly algorithm: KeyAlgorithm;
  readonly spkiDer: Uint8Array;
  readonly keyId: string;
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** A signer over a private key in memory. The synchronous call inside is the faster one on this path. */
export function fileSigner(privateKey: KeyObject): Signer {
  const algorithm = keyAlgorithmOf(privateKey);
  if (algorithm === undefined) throw new TypeError('a key of a kind that does not sign here');
  const spkiDer = spkiOf(privateKey);
  const digest = DIGESTS[algorithm];
  return {
    algorithm,
    spkiDer,
    keyId: keyIdOfSpki(spkiDer),
    sign: (data) =>
      data.length > SIGNED_AT_ONCE_BYTES_MAX
        ? signAside(digest, data, privateKey)
        : Promise.resolve(sign(digest, data, privateKey)),
  };
}

/** More than this is hashed on another thread: a long revocation list would hold up everybody else. */
const SIGNED_AT_ONCE_BYTES_MAX = 256 * 1024;
const signAside = promisify(sign) as (
  digest: string | null,
  data: Uint8Array,
  key: KeyObject,
) => Promise<Uint8Array>;

const DIGESTS: Readonly<Record<KeyAlgorithm, string | null>> = {
  p256: 'sha256',
  p384: 'sha384',
  rsa3072: 'sha256',
  ed25519: null,
};
