import { createHmac, hash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DerError, type DerReader } from './der/read.ts';
import { HMAC_DIGESTS, readPbkdf2, type Pbkdf2 } from './pbkdf2-parameters.ts';
import { TAG } from './der/write.ts';

const derive = promisify(pbkdf2);
/** Rounds of the old derivation between two turns of the event loop. */
const ROUNDS_PER_TURN = 10_000;
const MAC_KEY_BYTES_MAX = 64;
/** What RFC 7292 appendix B.3 has derived: a key for a MAC. */
const MAC_KEY_ID = 3;

/** What vouches for the content of a PKCS#12 file, by the password. */
export type Pkcs12Mac =
  | {
      readonly kind: 'pkcs12';
      readonly digest: string;
      readonly value: Uint8Array;
      readonly salt: Uint8Array;
      readonly iterations: number;
    }
  | {
      readonly kind: 'pbmac1';
      readonly digest: string;
      readonly value: Uint8Array;
      readonly derivation: Pbkdf2;
      readonly keyBytes: number;
    };

/** MacData; undefined: the file has none. @source RFC 7292 §4, RFC 9579 §5 */
export function readMac(pfx: DerReader, iterationsMax: number): Pkcs12Mac | undefined {
  if (pfx.done) return undefined;
  const data = pfx.enter(TAG.sequence, 'the MAC');
  const info = data.enter(TAG.sequence, 'the MAC');
  const algorithm = info.enter(TAG.sequence, 'the algorithm of the MAC');
  const oid = algorithm.oid('the algorithm of the MAC');
  const value = info.octets('the MAC');
  const salt = data.octets('the salt of the MAC');
  const iterations = data.done ? 1 : data.small('the iterations of the MAC');
  if (oid === PBMAC1) {
    const parameters = algorithm.enter(TAG.sequence, 'PBMAC1');
    const derivation = readPbkdf2(parameters, iterationsMax);
    const { keyBytes } = derivation;
    const digest = HMAC_DIGESTS.get(parameters.enter(TAG.sequence, 'the HMAC').oid('the HMAC'));
    if (digest === undefined) throw new DerError('the hash of the MAC is not known');
    if (keyBytes === undefined || keyBytes < 1 || keyBytes > MAC_KEY_BYTES_MAX)
      throw new DerError('the length of the key of the MAC is missing, or not usual');
    return { kind: 'pbmac1', digest, value, derivation, keyBytes };
  }
  const digest = DIGESTS.get(oid);
  if (digest === undefined) throw new DerError('the hash of the MAC is not known');
  if (iterations < 1 || iterations > iterationsMax)
    throw new DerError(`more than ${iterationsMax} iterations`);
  return { kind: 'pkcs12', digest, value, salt, iterations };
}

/** Does the password vouch for this content? */
export async function isMacGood(mac: Pkcs12Mac, content: Uint8Array, password: string): Promise<boolean> {
  // without a password some programs take no bytes at all, and some the end of a text
  const spellings = mac.kind === 'pkcs12' && password === '' ? [bmp(''), new Uint8Array()] : [bmp(password)];
  for (const spelling of spellings) {
    const key =
      mac.kind === 'pbmac1'
        ? await derive(
            Buffer.from(password, 'utf8'),
            mac.derivation.salt,
            mac.derivation.iterations,
            mac.keyBytes,
            mac.derivation.digest,
          )
        : await deriveMacKey(mac, spelling);
    const found = createHmac(mac.digest, key).update(content).digest();
    key.fill(0);
    if (found.length === mac.value.length && timingSafeEqual(found, mac.value)) return true;
  }
  return false;
}

/** The key is as long as the hash, so that one block of it does. @source RFC 7292 appendix B.2 */
async function deriveMacKey(
  { digest, salt, iterations }: Pkcs12Mac & { kind: 'pkcs12' },
  password: Uint8Array,
): Promise<Buffer> {
  const blockBytes = digest === 'sha384' || digest === 'sha512' ? 128 : 64;
  const diversifier = Buffer.alloc(blockBytes, MAC_KEY_ID);
  let key: Buffer = Buffer.concat([diversifier, filled(salt, blockBytes), filled(password, blockBytes)]);
  for (let round = 1; round <= iterations; round += 1) {
    key = hash(digest, key, 'buffer');
    if (round % ROUNDS_PER_TURN === 0) await breathe();
  }
  return key;
}

/** Repeated until it fills whole blocks; nothing stays nothing. */
const filled = (bytes: Uint8Array, blockBytes: number): Buffer =>
  bytes.length === 0
    ? Buffer.alloc(0)
    : Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, Buffer.from(bytes));

/** BMPString, with the two zeros of its end. */
function bmp(password: string): Uint8Array {
  const bytes = Buffer.from(`${password}\0`, 'utf16le');
  return bytes.swap16();
}

const PBMAC1 = '1.2.840.113549.1.5.14';
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
