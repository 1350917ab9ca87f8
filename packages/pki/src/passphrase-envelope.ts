import { AppError } from '@sekisho/core/errors.ts';
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { KEK_BYTES, openSecret, sealSecret } from './envelope.ts';

/** Cost of a guess: 128 MiB and some tenths of a second. @source RFC 7914 §2 */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 192 * 1024 * 1024 } as const;
const SALT_BYTES = 16;
const FORMAT = 'sekisho-sealed-1';
const TEXT_LENGTH_MAX = 64 * 1024;

/**
 * Seals a secret under a passphrase, as text for a file. A hash over the sealed part tells a damaged file from a wrong
 * passphrase; it says nothing about the secret.
 */
export async function sealWithPassphrase(
  passphrase: string,
  plaintext: Uint8Array,
  context: string,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await deriveKey(passphrase, salt);
  try {
    const sealed = sealSecret(key, plaintext, context);
    const salted = salt.toString('base64');
    return `${JSON.stringify({ format: FORMAT, context, salt: salted, sealed, sha256: hashOf(context, salted, sealed) }, null, 2)}\n`;
  } finally {
    key.fill(0);
  }
}

/** Opens it again. Refusals: ROOT_PACKAGE_DAMAGED, PASSPHRASE_WRONG. */
export async function openWithPassphrase(
  passphrase: string,
  text: string,
  context: string,
): Promise<Uint8Array> {
  const { salt, sealed } = read(text, context);
  const key = await deriveKey(passphrase, Buffer.from(salt, 'base64'));
  try {
    return openSecret(key, sealed, context);
  } catch (error) {
    throw new AppError('PASSPHRASE_WRONG', {}, { cause: error });
  } finally {
    key.fill(0);
  }
}

/** Passphrases are compared as people type them: the same letters, however the keyboard composed them. */
const deriveKey = (passphrase: string, salt: Uint8Array): Promise<Buffer> =>
  derive(passphrase.normalize('NFC'), salt, KEK_BYTES, SCRYPT);

const derive = promisify<string, Uint8Array, number, typeof SCRYPT, Buffer>(scrypt);

const hashOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

function read(text: string, context: string): { salt: string; sealed: string } {
  const damaged = (cause?: unknown): AppError => new AppError('ROOT_PACKAGE_DAMAGED', {}, { cause });
  if (text.length > TEXT_LENGTH_MAX) throw damaged();
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw damaged(error);
  }
  if (typeof raw !== 'object' || raw === null) throw damaged();
  const fields = new Map<string, unknown>(Object.entries(raw));
  const [salt, sealed, sha256] = [fields.get('salt'), fields.get('sealed'), fields.get('sha256')];
  if (fields.get('format') !== FORMAT || fields.get('context') !== context) throw damaged();
  if (typeof salt !== 'string' || typeof sealed !== 'string' || typeof sha256 !== 'string') throw damaged();
  const expected = Buffer.from(hashOf(context, salt, sealed));
  const found = Buffer.from(sha256);
  if (expected.length !== found.length || !timingSafeEqual(expected, found)) throw damaged();
  return { salt, sealed };
}
