/**
 * A small DER writer: each function returns one whole element (tag, length, content).
 * @source ITU-T X.690 §8, §10
 */

/** Universal and context tags that the profile uses. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag, primitive: `[n] IMPLICIT` of something primitive. */
export const contextPrimitive = (number: number): number => 0x80 | number;
/** Context-specific tag, constructed: `[n] EXPLICIT`, or IMPLICIT of something constructed. */
export const contextConstructed = (number: number): number => 0xa0 | number;

/** Tag and length of an element whose content follows elsewhere. */
export function elementHead(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const lengthBytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = tag;
  head[1] = 0x80 | lengthBytes;
  head.writeUIntBE(length, 2, lengthBytes);
  return head;
}

/** One element with the given content, which may come in parts. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthBytes =
    length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const out = Buffer.allocUnsafe(2 + lengthBytes + length);
  out[0] = tag;
  let offset = 2;
  if (lengthBytes === 0) {
    out[1] = length;
  } else {
    out[1] = 0x80 | lengthBytes;
    offset = out.writeUIntBE(length, 2, lengthBytes);
  }
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(TAG.sequence, ...parts);

/** SET OF: the elements are sorted by their encodings. @source X.690 §11.6 */
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array =>
  element(TAG.set, ...[...parts].sort((a, b) => Buffer.compare(a, b)));

export const octetString = (content: Uint8Array): Uint8Array => element(TAG.octetString, content);
export const nullElement = Uint8Array.of(TAG.null, 0);
export const booleanTrue = Uint8Array.of(TAG.boolean, 1, 0xff);

/** BIT STRING of whole bytes (keys, signatures). */
export const bitString = (content: Uint8Array): Uint8Array => element(TAG.bitString, NO_UNUSED_BITS, content);
const NO_UNUSED_BITS = Uint8Array.of(0);

/** BIT STRING of named bits: trailing zero bits are left out. @source X.690 §11.2.2 */
export function namedBits(bits: readonly number[]): Uint8Array {
  const highest = Math.max(-1, ...bits);
  if (highest < 0) return Uint8Array.of(TAG.bitString, 1, 0);
  const bytes = new Uint8Array((highest >> 3) + 2);
  bytes[0] = 7 - (highest & 7);
  for (const bit of bits) bytes[(bit >> 3) + 1]! |= 0x80 >> (bit & 7);
  return element(TAG.bitString, bytes);
}

/** A non-negative INTEGER from big-endian bytes, in its shortest form. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const rest = bytes.subarray(start);
  if (rest.length === 0) return Uint8Array.of(TAG.integer, 1, 0);
  return rest[0]! & 0x80 ? element(TAG.integer, Uint8Array.of(0), rest) : element(TAG.integer, rest);
}

/** A non-negative INTEGER from a safe integer. */
export function smallInteger(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a non-negative safe integer');
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return unsignedInteger(bytes);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const known = OIDS.get(dotted);
  if (known !== undefined) return known;
  const arcs = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [arcs[0]! * 40 + arcs[1]!, ...arcs.slice(2)]) {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      groups.unshift((rest % 128) | 0x80);
    bytes.push(...groups);
  }
  const encoded = element(TAG.oid, Uint8Array.from(bytes));
  if (OIDS.size < OIDS_KEPT_MAX) OIDS.set(dotted, encoded);
  return encoded;
}
const OIDS_KEPT_MAX = 256;
const OIDS = new Map<string, Uint8Array>();

export const utf8String = (text: string): Uint8Array => element(TAG.utf8String, Buffer.from(text, 'utf8'));
export const printableString = (text: string): Uint8Array =>
  element(TAG.printableString, Buffer.from(text, 'latin1'));

/**
 * Time of a certificate or CRL in whole seconds (cut off, not rounded): UTCTime until 2049, GeneralizedTime after.
 * @source RFC 5280 §4.1.2.5
 */
export function time(epochMs: number): Uint8Array {
  const digits = timeDigits(epochMs);
  return Number(digits.slice(0, 4)) < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : element(TAG.generalizedTime, Buffer.from(digits, 'latin1'));
}

/** GeneralizedTime in whole seconds, whatever the year: what OCSP uses. @source RFC 6960 §4.2.1 */
export const generalizedTime = (epochMs: number): Uint8Array =>
  element(TAG.generalizedTime, Buffer.from(timeDigits(epochMs), 'latin1'));

function timeDigits(epochMs: number): string {
  const [date, clock] = new Date(Math.floor(epochMs / 1000) * 1000).toISOString().split('T') as [
    string,
    string,
  ];
  const digits = `${date.replaceAll('-', '')}${clock.slice(0, 8).replaceAll(':', '')}Z`;
  if (Number(digits.slice(0, 4)) < 1950 || date.length !== 10)
    throw new RangeError('a time outside 1950–9999');
  return digits;
}
