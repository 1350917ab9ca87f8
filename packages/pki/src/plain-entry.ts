import { utcTimeMs } from './der/read.ts';
import { TAG } from './der/write.ts';

/**
 * Most entries of a list have one form: a positive serial, a UTCTime, perhaps a reason. They are passed without an object for each of
 * their parts; every other form is for the reader of grammar, which also says what is wrong. Gives the entry's end, or zero.
 */
export function passPlainEntry(
  bytes: Uint8Array,
  start: number,
  end: number,
  reasons: ReadonlyMap<number, unknown>,
): number {
  const content = bytes[start + 1]!;
  const next = start + 2 + content;
  if (bytes[start] !== TAG.sequence || content >= 0x80 || next > end || bytes[start + 2] !== TAG.integer)
    return 0;
  const serialBytes = bytes[start + 3]!;
  const [first, second] = [bytes[start + 4]!, bytes[start + 5]!];
  if (serialBytes < 2 || serialBytes > 20 || first >= 0x80 || (first === 0 && second < 0x80)) return 0;
  const date = start + 4 + serialBytes;
  if (bytes[date] !== TAG.utcTime || bytes[date + 1] !== 13 || Number.isNaN(utcTimeMs(bytes, date + 2)))
    return 0;
  let at = date + 15;
  if (at === next) return next;
  if (next - at !== REASON_EXTENSION.length + 1) return 0;
  for (const byte of REASON_EXTENSION) if (bytes[at++] !== byte) return 0;
  return reasons.has(bytes[at]!) ? next : 0;
}

/** The date of an entry that `passPlainEntry` passed. */
export const plainDateMs = (bytes: Uint8Array, start: number): number =>
  utcTimeMs(bytes, start + 4 + bytes[start + 3]! + 2);

/** The extension that says a reason, up to its number. */
const REASON_EXTENSION = Buffer.from('300c300a0603551d1504030a01', 'hex');
