import { isIP } from 'node:net';
import { DerError, type DerReader } from './der/read.ts';
import { contextPrimitive, element, sequence, TAG } from './der/write.ts';

/** Names in one subject alternative name that are still read. */
export const SAN_NAMES_MAX = 256;
const NAME_BYTES_MAX = 2048;

/** Names of a subject alternative name, by kind. IP addresses in their canonical text (RFC 5952). */
export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  /** How many names of other kinds there are (mail, directory, …). */
  readonly others: number;
}

const DNS = contextPrimitive(2);
const URI = contextPrimitive(6);
const IP = contextPrimitive(7);

/** GeneralNames: URIs first, then DNS names, then addresses. */
export const generalNames = (names: {
  uris?: readonly string[];
  dns?: readonly string[];
  ips?: readonly string[];
}): Uint8Array =>
  sequence(
    ...(names.uris ?? []).map((uri) => element(URI, ascii(uri))),
    ...(names.dns ?? []).map((name) => element(DNS, ascii(name))),
    ...(names.ips ?? []).map((ip) => element(IP, ipToBytes(ip))),
  );

/** The one general name of a distribution point. */
export const uriName = (uri: string): Uint8Array => element(URI, ascii(uri));

function ascii(text: string): Uint8Array {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new RangeError('a name that is not ASCII');
  return Buffer.from(text, 'latin1');
}

/** Reads GeneralNames from a reader that stands on its SEQUENCE. */
export function readGeneralNames(reader: DerReader, what: string): AlternativeNames {
  return readNames(reader.enter(TAG.sequence, what), what);
}

/** Reads the GeneralName elements that a reader is over. */
export function readNames(names: DerReader, what: string): AlternativeNames {
  const [dns, ips, uris]: [string[], string[], string[]] = [[], [], []];
  let others = 0;
  if (names.done) throw new DerError(`${what} is empty`);
  while (!names.done) {
    const found = names.next();
    const content = names.content(found);
    if (dns.length + ips.length + uris.length + others >= SAN_NAMES_MAX)
      throw new DerError(`${what} has too many names`);
    if (content.length > NAME_BYTES_MAX) throw new DerError(`${what} has a name that is too long`);
    if ((found.tag & 0xc0) !== 0x80 || (found.tag & 0x1f) > 8)
      throw new DerError(`${what} has a name of no known kind`);
    if (found.tag === DNS) dns.push(asciiText(content, what));
    else if (found.tag === URI) uris.push(asciiText(content, what));
    else if (found.tag === IP) ips.push(bytesToIp(content, what));
    else others += 1;
  }
  return { dns, ips, uris, others };
}

function asciiText(content: Uint8Array, what: string): string {
  if (content.length === 0) throw new DerError(`${what} has an empty name`);
  for (const byte of content)
    if (byte <= 0x20 || byte >= 0x7f) throw new DerError(`${what} has a name that is not ASCII`);
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
}

/** Four or sixteen bytes of an address in text. Throws RangeError for what isn't one. */
export function ipToBytes(ip: string): Uint8Array {
  const version = ip.includes('%') ? 0 : isIP(ip);
  if (version === 4) return Uint8Array.from(ip.split('.'), Number);
  if (version !== 6) throw new RangeError('not an IP address');
  const embedded = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  const text =
    embedded === null
      ? ip
      : `${embedded[1]}${hex16(embedded[2]!, embedded[3]!)}:${hex16(embedded[4]!, embedded[5]!)}`;
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Uint8Array.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
}

const hex16 = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);

/** Canonical text of an address. @source RFC 5952 §4 */
function bytesToIp(bytes: Uint8Array, what: string): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new DerError(`${what} has an address of wrong length`);
  const groups = Array.from({ length: 8 }, (_, index) => bytes[index * 2]! * 256 + bytes[index * 2 + 1]!);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
