import { AppError } from '@sekisho/core/errors.ts';
import { parseSha256Hex, type Sha256Hex } from '@sekisho/core/ids.ts';
import { createPrivateKey, createPublicKey, generateKeyPair, hash, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** Keys that Sekisho makes and accepts (T-03). `rsa3072` stands for RSA of 3072 to 8192 bits. */
export type KeyAlgorithm = 'p256' | 'p384' | 'rsa3072' | 'ed25519';
export const KEY_ALGORITHMS: readonly KeyAlgorithm[] = ['p256', 'p384', 'rsa3072', 'ed25519'];

const generate = promisify(generateKeyPair);

/** A new private key. It is made where it will be used, and never leaves there (invariant 1). */
export async function generatePrivateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'p256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'p384':
      return (await generate('ec', { namedCurve: 'P-384' })).privateKey;
    case 'rsa3072':
      return (await generate('rsa', { modulusLength: 3072 })).privateKey;
    case 'ed25519':
      return (await generate('ed25519')).privateKey;
  }
}

/** PKCS#8 PEM, not encrypted: for a file with mode 0600, or to be sealed. */
export const privateKeyToPem = (key: KeyObject): string =>
  key.export({ format: 'pem', type: 'pkcs8' }).toString();

/** A private key from PEM. Refusal: SECRET_UNREADABLE. */
export function privateKeyFromPem(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new AppError('SECRET_UNREADABLE', { what: 'private key' }, { cause: error });
  }
}

/** SubjectPublicKeyInfo (DER) of a private or public key. */
export const spkiOf = (key: KeyObject): Uint8Array =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });

/** "Key ID" everywhere in Sekisho: SHA-256 of the SPKI DER, 64 hex digits. */
export const keyIdOfSpki = (spkiDer: Uint8Array): Sha256Hex => sha256Hex(spkiDer);

/** SHA-256 in 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array): Sha256Hex {
  return parseSha256Hex(hash('sha256', bytes, 'hex'))!;
}

/** The key algorithm of a key object; undefined for one that Sekisho doesn't accept. */
export function keyAlgorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'ec':
      if (details?.namedCurve === 'prime256v1') return 'p256';
      return details?.namedCurve === 'secp384r1' ? 'p384' : undefined;
    case 'rsa':
      return (details?.modulusLength ?? 0) >= 3072 ? 'rsa3072' : undefined;
    case 'ed25519':
      return 'ed25519';
    default:
      return undefined;
  }
}
