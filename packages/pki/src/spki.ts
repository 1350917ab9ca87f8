import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerError, DerReader, type DerElement } from './der/read.ts';
import { TAG } from './der/write.ts';
import type { KeyAlgorithm } from './keys.ts';
import { OID } from './oids.ts';
import { toPem } from './pem.ts';

export const RSA_BITS_MIN = 3072;
export const RSA_BITS_MAX = 8192;
const RSA_EXPONENT = 65_537;

/** What the key policy says about a public key (T-03, T-15). */
export type KeyJudgement =
  | { readonly accepted: true; readonly algorithm: KeyAlgorithm }
  | { readonly accepted: false; readonly reason: 'weak' | 'unsupported'; readonly detail: string };

const weak = (detail: string): KeyJudgement => ({ accepted: false, reason: 'weak', detail });
const unsupported = (detail: string): KeyJudgement => ({ accepted: false, reason: 'unsupported', detail });

/**
 * Judges a SubjectPublicKeyInfo by its bytes alone; whether a point is on its curve is seen when OpenSSL reads it.
 * @source RFC 5480 §2, RFC 3279 §2.3.1, RFC 8410 §4
 */
export function judgeKey(bytes: Uint8Array, found: DerElement): KeyJudgement {
  const spki = new DerReader(bytes, found.contentStart, found.end);
  const algorithm = spki.enter(TAG.sequence, 'the key algorithm');
  const kind = algorithm.oid('the key algorithm');
  const key = spki.bits('the key');
  spki.finish('the key');
  switch (kind) {
    case OID.ecPublicKey:
      return judgeCurve(algorithm, key);
    case OID.rsaEncryption:
      algorithm.take(TAG.null, 'NULL after rsaEncryption');
      algorithm.finish('the key algorithm');
      return judgeRsa(key);
    case OID.ed25519:
      algorithm.finish('the key algorithm');
      if (key.length !== 32) throw new DerError('the key has a wrong length');
      return { accepted: true, algorithm: 'ed25519' };
    default:
      return unsupported(`algorithm ${kind}`);
  }
}

function judgeCurve(algorithm: DerReader, key: Uint8Array): KeyJudgement {
  if (algorithm.peek() !== TAG.oid) return unsupported('a curve given by its parameters');
  const curve = algorithm.oid('the curve');
  algorithm.finish('the curve');
  const known = CURVES.get(curve);
  if (known === undefined)
    return WEAK_CURVES.has(curve) ? weak(`curve ${curve}`) : unsupported(`curve ${curve}`);
  if (key.length !== known.pointBytes || key[0] !== 4) return unsupported('a point that is not uncompressed');
  return { accepted: true, algorithm: known.algorithm };
}

const CURVES: ReadonlyMap<string, { algorithm: KeyAlgorithm; pointBytes: number }> = new Map([
  [OID.p256, { algorithm: 'p256', pointBytes: 65 }],
  [OID.p384, { algorithm: 'p384', pointBytes: 97 }],
]);
const WEAK_CURVES: ReadonlySet<string> = new Set([OID.p192, OID.p224]);

function judgeRsa(key: Uint8Array): KeyJudgement {
  const outer = new DerReader(key);
  const inner = outer.enter(TAG.sequence, 'the RSA key');
  outer.finish('the RSA key');
  const modulus = inner.unsigned('the modulus');
  const exponent = inner.unsigned('the exponent');
  inner.finish('the RSA key');
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (bits < RSA_BITS_MIN) return weak(`RSA of ${bits} bits`);
  if (bits > RSA_BITS_MAX) return unsupported(`RSA of ${bits} bits`);
  if (exponent.length !== 3 || Buffer.from(exponent).readUIntBE(0, 3) !== RSA_EXPONENT)
    return weak('an RSA exponent other than 65537');
  if (hasSmallFactor(modulus)) return weak('an RSA modulus with a small factor');
  return { accepted: true, algorithm: 'rsa3072' };
}

/** A modulus that a small prime divides was not made of two large ones. */
function hasSmallFactor(modulus: Uint8Array): boolean {
  const residue = BigInt(`0x${Buffer.from(modulus).toString('hex')}`) % SMALL_PRIMES_PRODUCT;
  return SMALL_PRIMES.some((prime) => residue % BigInt(prime) === 0n);
}

const SMALL_PRIMES: readonly number[] = Array.from({ length: 751 }, (_, index) => index + 2).filter(
  (candidate) => {
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1)
      if (candidate % divisor === 0) return false;
    return true;
  },
);
const SMALL_PRIMES_PRODUCT = SMALL_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/**
 * The key object of an SPKI; DerError when OpenSSL refuses it (a point off its curve, for example). It goes through PEM, because Node
 * finds out by exceptions that an object or bytes are no key object: that costs as much as reading the key.
 */
export function publicKeyOfSpki(spkiDer: Uint8Array): KeyObject {
  try {
    return createPublicKey(toPem('PUBLIC KEY', spkiDer));
  } catch (error) {
    throw new DerError('the key is not valid', { cause: error });
  }
}
