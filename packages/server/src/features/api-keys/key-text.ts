import type { Random } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What every API key begins with: scanners of repositories and logs find leaked ones by it. */
export const API_KEY_PREFIX = 'skk_';
/** 256 random bits. */
export const API_KEY_BYTES = 32;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(DIGITS.length);
/** Digits of base 62 that hold 256 bits, and 32 bits. */
const SECRET_DIGITS = 43;
const CHECK_DIGITS = 6;
const WHOLE = new RegExp(`^${API_KEY_PREFIX}[0-9A-Za-z]{${SECRET_DIGITS + CHECK_DIGITS}}$`);
const WITHIN = new RegExp(`${API_KEY_PREFIX}[0-9A-Za-z]{${SECRET_DIGITS + CHECK_DIGITS}}`);

/** A new key: the prefix, 256 random bits and a CRC-32 of both, in base 62: no sign that a shell or an address bends. */
export function makeKeyText(random: Random): Secret {
  const drawn = BigInt(`0x${Buffer.from(random.bytes(API_KEY_BYTES)).toString('hex')}`);
  const body = API_KEY_PREFIX + digits(drawn, SECRET_DIGITS);
  return new Secret(body + checkDigits(body));
}

/** Is it a key's text, whole and without a slip? A text that was cut or mistyped is told apart without the database. */
export function isKeyText(raw: string): boolean {
  if (!WHOLE.test(raw)) return false;
  const body = raw.slice(0, -CHECK_DIGITS);
  return raw.slice(-CHECK_DIGITS) === checkDigits(body);
}

/** The key within a text, an address for instance; undefined when there is none. */
export function findKeyText(text: string): Secret | undefined {
  const [found] = WITHIN.exec(text) ?? [];
  return found === undefined ? undefined : new Secret(found);
}

/** What is stored of a key. */
export const keyHash = (secret: Secret): string => hash('sha256', secret.reveal(), 'hex');

const checkDigits = (body: string): string => digits(BigInt(crc32(body)), CHECK_DIGITS);

function digits(value: bigint, length: number): string {
  let text = '';
  for (let left = value; text.length < length; left /= BASE) text = DIGITS.charAt(Number(left % BASE)) + text;
  return text;
}
