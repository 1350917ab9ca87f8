import { AppError } from '@sekisho/core/errors.ts';
import { createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { parseCertificate, type Certificate } from './certificate.ts';
import { DerError, DerReader, parsing } from './der/read.ts';
import { contextConstructed, contextPrimitive, TAG } from './der/write.ts';
import { readPbkdf2 } from './pbkdf2-parameters.ts';
import { toPem } from './pem.ts';
import { isMacGood, readMac, type Pkcs12Mac } from './pkcs12-mac.ts';

export const PKCS12_BYTES_MAX = 256 * 1024;
export const PKCS12_CERTIFICATES_MAX = 16;
/** More would let a file hold the server up. */
export const PKCS12_ITERATIONS_MAX = 2_000_000;
const DEPTH_MAX = 8;

const derive = promisify(pbkdf2);

/**
 * Key and certificates of a PKCS#12 file that is encrypted with PBES2 (PBKDF2, AES-CBC), as OpenSSL 3 and Windows since 2016 make it. Its MAC
 * must be good, if it has one; whoever takes the content checks besides that the key is the certificate's, and the certificate by its chain.
 * Refusals: PKCS12_MALFORMED, PKCS12_OLD (RC2, 3DES), PKCS12_PASSWORD_WRONG, PKCS12_DAMAGED (the password opens it, the MAC is another).
 * @source RFC 7292 §4, RFC 8018 §6.2, RFC 9579
 */
export async function readPkcs12(
  der: Uint8Array,
  password: string,
): Promise<{ keyPem: string | undefined; certificates: Certificate[] }> {
  if (der.length > PKCS12_BYTES_MAX) throw malformed(`larger than ${PKCS12_BYTES_MAX} bytes`);
  const { parts, safe, mac } = parsing('PKCS12_MALFORMED', () => readFile(der));
  if (mac !== undefined && !(await isMacGood(mac, safe, password)))
    throw new AppError((await opensAny(parts, password)) ? 'PKCS12_DAMAGED' : 'PKCS12_PASSWORD_WRONG');
  const bags: Bag[] = [];
  for (const part of parts)
    bags.push(...parsing('PKCS12_MALFORMED', readBags.bind(undefined, await contentOf(part, password))));
  const certificates = bags.flatMap((bag) => (bag.what === 'certificate' ? [parseCertificate(bag.der)] : []));
  if (certificates.length > PKCS12_CERTIFICATES_MAX) throw malformed('too many certificates');
  const [key] = bags.filter((bag) => bag.what !== 'certificate');
  if (key === undefined) return { keyPem: undefined, certificates };
  const pkcs8 =
    key.what === 'key'
      ? key.der
      : await decrypt(
          parsing('PKCS12_MALFORMED', () => readShrouded(key.der)),
          password,
        );
  return { keyPem: toPem('PRIVATE KEY', pkcs8), certificates };
}

interface Sealed {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly digest: string;
  readonly cipher: string;
  readonly keyBytes: number;
  readonly iv: Uint8Array;
  readonly content: Uint8Array;
}
type Part = { readonly plain: Uint8Array } | { readonly sealed: Sealed };
interface Bag {
  readonly what: 'key' | 'shrouded' | 'certificate';
  readonly der: Uint8Array;
}

const contentOf = async (part: Part, password: string): Promise<Uint8Array> =>
  'plain' in part ? part.plain : decrypt(part.sealed, password);

/** Does the password open anything of it? Then it is the right one, and the file has changed. */
async function opensAny(parts: readonly Part[], password: string): Promise<boolean> {
  for (const part of parts) {
    try {
      const content = await contentOf(part, password);
      if ('sealed' in part) {
        readBags(content);
        return true;
      }
      for (const bag of readBags(content)) {
        if (bag.what !== 'shrouded') continue;
        new DerReader(Buffer.from(await decrypt(readShrouded(bag.der), password))).enter(
          TAG.sequence,
          'a key',
        );
        return true;
      }
    } catch {
      continue; // this part does not open
    }
  }
  return false;
}

/** PFX → AuthenticatedSafe: its parts, plain or encrypted, and what vouches for them. */
function readFile(der: Uint8Array): { parts: Part[]; safe: Uint8Array; mac: Pkcs12Mac | undefined } {
  const pfx = new DerReader(Buffer.from(der)).enter(TAG.sequence, 'a PKCS#12 file');
  if (pfx.small('the version') !== 3) throw new DerError('another version than 3');
  const outer = pfx.enter(TAG.sequence, 'the content');
  if (outer.oid('the content type') !== DATA) throw new DerError('it is not protected by a password');
  const safe = outer.enter(contextConstructed(0), 'the content').octets('the content');
  const parts: Part[] = [];
  const list = new DerReader(Buffer.from(safe)).enter(TAG.sequence, 'the authenticated safe');
  while (!list.done) {
    const info = list.enter(TAG.sequence, 'a part');
    const type = info.oid('the type of a part');
    const body = info.enter(contextConstructed(0), 'a part');
    if (type === DATA) parts.push({ plain: body.octets('a part') });
    else if (type === ENCRYPTED_DATA) parts.push({ sealed: readEncrypted(body) });
    else throw new DerError('a part is of a kind that is not known');
  }
  return { parts, safe, mac: readMac(pfx, PKCS12_ITERATIONS_MAX) };
}

function readEncrypted(body: DerReader): Sealed {
  const data = body.enter(TAG.sequence, 'encrypted data');
  data.small('the version');
  const info = data.enter(TAG.sequence, 'encrypted content');
  info.oid('the content type');
  const scheme = readScheme(info.enter(TAG.sequence, 'the encryption'));
  return { ...scheme, content: info.content(info.take(contextPrimitive(0), 'the encrypted content')) };
}

/** EncryptedPrivateKeyInfo. */
function readShrouded(der: Uint8Array): Sealed {
  const info = new DerReader(Buffer.from(der)).enter(TAG.sequence, 'an encrypted key');
  const scheme = readScheme(info.enter(TAG.sequence, 'the encryption'));
  return { ...scheme, content: info.octets('the encrypted key') };
}

function readScheme(algorithm: DerReader): Omit<Sealed, 'content'> {
  const oid = algorithm.oid('the encryption');
  if (oid !== PBES2) throw new AppError('PKCS12_OLD', { algorithm: OLD.get(oid) ?? oid });
  const parameters = algorithm.enter(TAG.sequence, 'PBES2');
  const { salt, iterations, digest } = readPbkdf2(parameters, PKCS12_ITERATIONS_MAX);
  const encryption = parameters.enter(TAG.sequence, 'the cipher');
  const cipherOid = encryption.oid('the cipher');
  const cipher = CIPHERS.get(cipherOid);
  if (cipher === undefined) throw new AppError('PKCS12_OLD', { algorithm: OLD.get(cipherOid) ?? cipherOid });
  return { salt, iterations, digest, ...cipher, iv: encryption.octets('the initialisation vector') };
}

async function decrypt(sealed: Sealed, password: string): Promise<Uint8Array> {
  const { salt, iterations, digest, cipher, keyBytes, iv, content } = sealed;
  const key = await derive(Buffer.from(password, 'utf8'), salt, iterations, keyBytes, digest);
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(content), decipher.final()]);
  } catch (error) {
    throw new AppError('PKCS12_PASSWORD_WRONG', {}, { cause: error });
  } finally {
    key.fill(0);
  }
}

/** SafeContents: keys and certificates; bags of another kind are passed over. */
function readBags(content: Uint8Array, depth = 0): Bag[] {
  if (depth > DEPTH_MAX) throw new DerError('nested too deeply');
  const bags: Bag[] = [];
  const list = new DerReader(Buffer.from(content)).enter(TAG.sequence, 'the safe');
  while (!list.done) {
    const bag = list.enter(TAG.sequence, 'a bag');
    const type = bag.oid('the type of a bag');
    const value = bag.enter(contextConstructed(0), 'a bag');
    if (type === KEY_BAG || type === SHROUDED_BAG) {
      const der = value.whole(value.take(TAG.sequence, 'a key'));
      bags.push({ what: type === KEY_BAG ? 'key' : 'shrouded', der });
    } else if (type === CERTIFICATE_BAG) {
      const held = value.enter(TAG.sequence, 'a certificate');
      if (held.oid('the kind of a certificate') !== X509) continue;
      const der = held.enter(contextConstructed(0), 'a certificate').octets('a certificate');
      bags.push({ what: 'certificate', der });
    } else if (type === NESTED_BAG) bags.push(...readBags(value.whole(value.next()), depth + 1));
  }
  return bags;
}

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const PBES2 = '1.2.840.113549.1.5.13';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const NESTED_BAG = '1.2.840.113549.1.12.10.1.6';
const X509 = '1.2.840.113549.1.9.22.1';
const CIPHERS: ReadonlyMap<string, Pick<Sealed, 'cipher' | 'keyBytes'>> = new Map([
  ['2.16.840.1.101.3.4.1.2', { cipher: 'aes-128-cbc', keyBytes: 16 }],
  ['2.16.840.1.101.3.4.1.22', { cipher: 'aes-192-cbc', keyBytes: 24 }],
  ['2.16.840.1.101.3.4.1.42', { cipher: 'aes-256-cbc', keyBytes: 32 }],
]);
/** What older programs encrypt with; nobody should. */
const OLD: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.12.1.1', 'RC4-128'],
  ['1.2.840.113549.1.12.1.2', 'RC4-40'],
  ['1.2.840.113549.1.12.1.3', '3DES'],
  ['1.2.840.113549.1.12.1.4', '3DES'],
  ['1.2.840.113549.1.12.1.5', 'RC2-128'],
  ['1.2.840.113549.1.12.1.6', 'RC2-40'],
  ['1.2.840.113549.3.7', '3DES'],
]);

const malformed = (detail: string): AppError => new AppError('PKCS12_MALFORMED', { detail });
