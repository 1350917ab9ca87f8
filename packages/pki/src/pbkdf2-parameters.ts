import { DerError, type DerReader } from './der/read.ts';
import { TAG } from './der/write.ts';

/** How a key is derived from a password. */
export interface Pbkdf2 {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** As node:crypto names it. */
  readonly digest: string;
  /** When the parameters say it. */
  readonly keyBytes: number | undefined;
}

/** The next element: an algorithm that must be PBKDF2, with no more iterations than that. @source RFC 8018 appendix A.2 */
export function readPbkdf2(parameters: DerReader, iterationsMax: number): Pbkdf2 {
  const derivation = parameters.enter(TAG.sequence, 'the key derivation');
  if (derivation.oid('the key derivation') !== PBKDF2) throw new DerError('the key is not derived by PBKDF2');
  const pbkdf = derivation.enter(TAG.sequence, 'PBKDF2');
  const salt = pbkdf.octets('the salt');
  const iterations = Number(BigInt(`0x${Buffer.from(pbkdf.unsigned('the iterations')).toString('hex')}`));
  if (iterations < 1 || iterations > iterationsMax)
    throw new DerError(`more than ${iterationsMax} iterations`);
  const keyBytes = pbkdf.peek() === TAG.integer ? pbkdf.small('the length of the key') : undefined;
  const prf = pbkdf.done ? HMAC_SHA1 : pbkdf.enter(TAG.sequence, 'the hash').oid('the hash');
  const digest = HMAC_DIGESTS.get(prf);
  if (digest === undefined) throw new DerError('the hash of the key derivation is not known');
  return { salt, iterations, digest, keyBytes };
}

const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA1 = '1.2.840.113549.2.7';
/** Hashes by the HMAC that a file names. */
export const HMAC_DIGESTS: ReadonlyMap<string, string> = new Map([
  [HMAC_SHA1, 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
