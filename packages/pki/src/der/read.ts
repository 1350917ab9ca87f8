import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { TAG } from './write.ts';

/** Nesting that no certificate, CSR or CRL of the profile reaches. */
export const DER_DEPTH_MAX = 16;

/** What is wrong with the bytes. Never leaves `pki`: parsers turn it into their own code. */
export class DerError extends Error {}

/** One element inside a larger buffer: offsets, nothing copied. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/**
 * A strict, bounded cursor over DER: definite lengths in their shortest form, low tag numbers only, nothing beyond the
 * parent's end. It never recurses by itself; a grammar drives it.
 * @source X.690 §10
 */
export class DerReader {
  readonly bytes: Uint8Array;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#offset >= this.#end;
  }

  /** Tag of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.done ? undefined : this.bytes[this.#offset];
  }

  /** The next element, of whatever tag. */
  next(): DerElement {
    const found = readElement(this.bytes, this.#offset, this.#end);
    this.#offset = found.end;
    return found;
  }

  /** The next element, which must have this tag. */
  take(tag: number, what: string): DerElement {
    if (this.peek() !== tag) throw new DerError(`${what} expected`);
    return this.next();
  }

  /** The next element when it has this tag. */
  takeIf(tag: number): DerElement | undefined {
    return this.peek() === tag ? this.next() : undefined;
  }

  /** A reader over the content of the next element, which must have this tag. */
  enter(tag: number, what: string): DerReader {
    return this.inside(this.take(tag, what));
  }

  enterIf(tag: number): DerReader | undefined {
    const found = this.takeIf(tag);
    return found === undefined ? undefined : this.inside(found);
  }

  inside(found: DerElement): DerReader {
    return new DerReader(this.bytes, found.contentStart, found.end);
  }

  /** The content bytes (a view). */
  content(found: DerElement): Uint8Array {
    return this.bytes.subarray(found.contentStart, found.end);
  }

  /** The whole element's bytes (a view). */
  whole(found: DerElement): Uint8Array {
    return this.bytes.subarray(found.start, found.end);
  }

  /** Refuses anything left over. */
  finish(what: string): void {
    if (!this.done) throw new DerError(`something follows ${what}`);
  }

  oid(what: string): string {
    return decodeOid(this.content(this.take(TAG.oid, what)));
  }

  octets(what: string): Uint8Array {
    return this.content(this.take(TAG.octetString, what));
  }

  /** Content of a BIT STRING of whole bytes. */
  bits(what: string): Uint8Array {
    const content = this.content(this.take(TAG.bitString, what));
    if (content[0] !== 0) throw new DerError(`${what} is not of whole bytes`);
    return content.subarray(1);
  }

  /** Content of a minimal, non-negative INTEGER without its sign byte. */
  unsigned(what: string): Uint8Array {
    const content = this.content(this.take(TAG.integer, what));
    checkInteger(content, what);
    if (content[0]! & 0x80) throw new DerError(`${what} is negative`);
    return content[0] === 0 && content.length > 1 ? content.subarray(1) : content;
  }

  /** A non-negative INTEGER that fits a safe integer. */
  small(what: string): number {
    const content = this.unsigned(what);
    if (content.length > 7) throw new DerError(`${what} is too large`);
    let value = 0;
    for (const byte of content) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new DerError(`${what} is too large`);
    return value;
  }

  /** BOOLEAN DEFAULT FALSE: absent or TRUE; an encoded FALSE isn't DER. */
  flag(what: string): boolean {
    const found = this.takeIf(TAG.boolean);
    if (found === undefined) return false;
    const content = this.content(found);
    if (content.length !== 1 || content[0] !== 0xff) throw new DerError(`${what} is not TRUE`);
    return true;
  }

  /** UTCTime or GeneralizedTime in the one form of RFC 5280 §4.1.2.5. */
  timeMs(what: string): number {
    const found = this.next();
    return decodeTimeMs(found.tag, this.content(found), what);
  }
}

/** Reads tag and length at an offset; refuses what leaves `end`. */
export function readElement(bytes: Uint8Array, start: number, end: number): DerElement {
  if (end - start < 2) throw new DerError('an element is cut off');
  const tag = bytes[start]!;
  if ((tag & 0x1f) === 0x1f) throw new DerError('a high tag number');
  const first = bytes[start + 1]!;
  let contentStart = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw new DerError('an indefinite length');
    if (count > 4) throw new DerError('a length that is too large');
    if (end - contentStart < count) throw new DerError('a length is cut off');
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + bytes[contentStart + index]!;
    if (bytes[contentStart] === 0 || length < 0x80)
      throw new DerError('a length that is not in its shortest form');
    contentStart += count;
  }
  if (length > end - contentStart) throw new DerError('an element is cut off');
  return { tag, start, contentStart, end: contentStart + length };
}

/**
 * Walks a whole encoding: exactly one element, every constructed one well-formed inside, nesting bounded, primitives of
 * the universal types in their one DER form. For small objects (certificates, CSRs) before their grammar is read.
 */
export function checkDer(bytes: Uint8Array, depthMax = DER_DEPTH_MAX): void {
  const top = readElement(bytes, 0, bytes.length);
  if (top.end !== bytes.length) throw new DerError('trailing bytes');
  walk(bytes, top, depthMax);
}

function walk(bytes: Uint8Array, found: DerElement, depthLeft: number): void {
  if (depthLeft <= 0) throw new DerError('nested too deeply');
  if ((found.tag & 0x20) === 0) {
    checkPrimitive(found.tag, bytes.subarray(found.contentStart, found.end));
    return;
  }
  const universal = (found.tag & 0xc0) === 0;
  if (universal && found.tag !== TAG.sequence && found.tag !== TAG.set)
    throw new DerError('a constructed element that must be primitive');
  for (let offset = found.contentStart; offset < found.end;) {
    const child = readElement(bytes, offset, found.end);
    walk(bytes, child, depthLeft - 1);
    offset = child.end;
  }
}

function checkPrimitive(tag: number, content: Uint8Array): void {
  switch (tag) {
    case 0x00:
    case 0x10:
    case 0x11:
      throw new DerError('a tag that is not allowed');
    case TAG.boolean:
      if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
        throw new DerError('a BOOLEAN that is neither TRUE nor FALSE');
      return;
    case TAG.integer:
    case TAG.enumerated:
      checkInteger(content, 'an INTEGER');
      return;
    case TAG.bitString: {
      const unused = content[0];
      if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
        throw new DerError('a BIT STRING with wrong unused bits');
      if (unused > 0 && (content.at(-1)! & ((1 << unused) - 1)) !== 0)
        throw new DerError('a BIT STRING with unused bits set');
      return;
    }
    case TAG.null:
      if (content.length !== 0) throw new DerError('a NULL with content');
      return;
    case TAG.oid:
      decodeOid(content);
      return;
    default:
  }
}

function checkInteger(content: Uint8Array, what: string): void {
  if (content.length === 0) throw new DerError(`${what} is empty`);
  if (content.length > 1) {
    const [first, second] = [content[0]!, content[1]!];
    if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
      throw new DerError(`${what} is not in its shortest form`);
  }
}

const OID_BYTES_MAX = 64;

/** Dotted form of an OBJECT IDENTIFIER's content. */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > OID_BYTES_MAX || content.at(-1)! & 0x80)
    throw new DerError('an OBJECT IDENTIFIER of wrong length');
  let dotted = '';
  let arc = 0;
  let atStart = true;
  for (const byte of content) {
    if (atStart && byte === 0x80) throw new DerError('an OBJECT IDENTIFIER that is not in its shortest form');
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError('an OBJECT IDENTIFIER with a huge arc');
    atStart = (byte & 0x80) === 0;
    if (!atStart) continue;
    if (dotted === '') {
      const root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      dotted = `${root}.${arc - root * 40}`;
    } else {
      dotted += `.${arc}`;
    }
    arc = 0;
  }
  return dotted;
}

/** Milliseconds of a UTCTime (1950–2049) or a GeneralizedTime (2050–9999). @source RFC 5280 §4.1.2.5 */
export function decodeTimeMs(tag: number, content: Uint8Array, what: string): number {
  if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new DerError(`${what} expected`);
  const yearDigits = tag === TAG.utcTime ? 2 : 4;
  if (content.length !== yearDigits + 11 || content.at(-1) !== 0x5a)
    throw new DerError(`${what} is not a time`);
  const field = (start: number, length: number): number => {
    let value = 0;
    for (let index = start; index < start + length; index += 1) {
      const digit = content[index]! - 0x30;
      if (digit < 0 || digit > 9) throw new DerError(`${what} is not a time`);
      value = value * 10 + digit;
    }
    return value;
  };
  const written = field(0, yearDigits);
  const year = yearDigits === 4 ? written : written < 50 ? 2000 + written : 1900 + written;
  if (yearDigits === 4 && year < 2050) throw new DerError(`${what} must be a UTCTime`);
  const [month, day] = [field(yearDigits, 2), field(yearDigits + 2, 2)];
  const [hour, minute, second] = [
    field(yearDigits + 4, 2),
    field(yearDigits + 6, 2),
    field(yearDigits + 8, 2),
  ];
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    throw new DerError(`${what} is not a time`);
  if (new Date(epochMs).getUTCDate() !== day) throw new DerError(`${what} is not a day of the calendar`);
  return epochMs;
}

/** Milliseconds of the 13 digits and the Z of a UTCTime; NaN when they are not one. Without an object: for lists of millions. */
export function utcTimeMs(bytes: Uint8Array, at: number): number {
  const year = two(bytes, at);
  const month = two(bytes, at + 2);
  const day = two(bytes, at + 4);
  const [hour, minute, second] = [two(bytes, at + 6), two(bytes, at + 8), two(bytes, at + 10)];
  const holds =
    month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59 && second <= 59;
  if (!holds || !(year >= 0) || bytes[at + 12] !== 0x5a) return day > 28 ? rareDayMs(bytes, at) : Number.NaN;
  return (
    epochOf(year < 50 ? 2000 + year : 1900 + year, month, day) + (hour * 3600 + minute * 60 + second) * 1000
  );
}

/** The last days of a month need a calendar. */
function rareDayMs(bytes: Uint8Array, at: number): number {
  try {
    return decodeTimeMs(TAG.utcTime, bytes.subarray(at, at + 13), '');
  } catch {
    return Number.NaN;
  }
}

const two = (bytes: Uint8Array, at: number): number => {
  const [tens, ones] = [bytes[at]! - 0x30, bytes[at + 1]! - 0x30];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** Days of the proleptic Gregorian calendar, counted from March. */
function epochOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const days =
    shifted * 365 + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return (days + dayOfYear - 719_468) * 86_400_000;
}

/** Runs a parser and turns what it finds wrong into the refusal of that object. */
export function parsing<Result>(code: ErrorCode, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DerError)
      throw new AppError(code, { detail: error.message, findings: error.message }, { cause: error });
    throw error;
  }
}
