import { DerError, type DerReader } from './der/read.ts';
import { oid, sequence, setOf, TAG, utf8String } from './der/write.ts';
import { OID } from './oids.ts';

/** RDNs in one name. */
export const NAME_PARTS_MAX = 32;
/** Bytes of one attribute value. */
export const NAME_VALUE_BYTES_MAX = 1024;
/** Characters of a common name. @source RFC 5280 Appendix A, ub-common-name */
export const COMMON_NAME_LENGTH_MAX = 64;

/** A Name of one common name. */
export const commonNameDer = (commonName: string): Uint8Array =>
  sequence(setOf(sequence(oid(OID.commonName), utf8String(commonName))));

/** A Name as it stands in a certificate or CSR. */
export interface ParsedName {
  /** The whole element; names are compared by these bytes. */
  readonly der: Uint8Array;
  readonly isEmpty: boolean;
  readonly commonName: string | undefined;
}

/** Reads a Name; refuses more than one common name, since readers differ on which one counts. */
export function readName(reader: DerReader, what: string): ParsedName {
  const found = reader.take(TAG.sequence, what);
  const rdns = reader.inside(found);
  let commonName: string | undefined;
  let parts = 0;
  while (!rdns.done) {
    const rdn = rdns.enter(TAG.set, what);
    do {
      parts += 1;
      if (parts > NAME_PARTS_MAX) throw new DerError(`${what} has too many parts`);
      const attribute = rdn.enter(TAG.sequence, what);
      const type = attribute.oid(what);
      const value = attribute.next();
      attribute.finish(what);
      if (value.end - value.contentStart > NAME_VALUE_BYTES_MAX)
        throw new DerError(`${what} has a part that is too long`);
      if (type !== OID.commonName) continue;
      if (commonName !== undefined) throw new DerError(`${what} has two common names`);
      commonName = decodeText(value.tag, attribute.content(value), what);
    } while (!rdn.done);
  }
  return { der: reader.whole(found), isEmpty: parts === 0, commonName };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a DirectoryString; control characters are refused. */
function decodeText(tag: number, content: Uint8Array, what: string): string {
  const text = decodeBytes(tag, content, what);
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text))
    throw new DerError(`${what} has a common name with control characters`);
  return text;
}

function decodeBytes(tag: number, content: Uint8Array, what: string): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  switch (tag) {
    case TAG.utf8String:
      try {
        return UTF8.decode(bytes);
      } catch {
        throw new DerError(`${what} has text that is not UTF-8`);
      }
    case TAG.printableString:
    case TAG.ia5String:
      if (content.some((byte) => byte > 0x7e)) throw new DerError(`${what} has text that is not ASCII`);
      return bytes.toString('latin1');
    case TAG.teletexString:
      return bytes.toString('latin1');
    case TAG.bmpString:
      if (content.length % 2 !== 0) throw new DerError(`${what} has text that is cut off`);
      return Buffer.from(bytes).swap16().toString('utf16le');
    default:
      throw new DerError(`${what} has a common name that is not text`);
  }
}
