import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';

/** Blocks in one PEM text. */
export const PEM_BLOCKS_MAX = 64;

/** One PEM block: 64 characters a line, and no blank line before END (OpenSSL refuses that). @source RFC 7468 §2 */
export const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${inLines(base64(der), 64)}\n-----END ${label}-----\n`;

/** Base64 of bytes, which are not copied first. */
export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** A text in lines of so many characters. */
export function inLines(text: string, lineLength: number): string {
  let lines = text.slice(0, lineLength);
  for (let from = lineLength; from < text.length; from += lineLength)
    lines += `\n${text.slice(from, from + lineLength)}`;
  return lines;
}

/** Bytes of all PEM blocks of one label, in their order; text between them is passed over. Refuses with the given code. */
export function pemBlocks(pem: string, label: string, code: ErrorCode): Uint8Array[] {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const blocks: Uint8Array[] = [];
  for (let from = pem.indexOf(begin); from >= 0; from = pem.indexOf(begin, from)) {
    const to = pem.indexOf(end, from);
    if (to < 0) throw new AppError(code, { detail: 'a PEM block does not end' });
    if (blocks.length >= PEM_BLOCKS_MAX) throw new AppError(code, { detail: 'too many PEM blocks' });
    blocks.push(fromBase64(pem.slice(from + begin.length, to), code));
    from = to + end.length;
  }
  return blocks;
}

/** Bytes of base64 with line breaks; anything else in it is refused. */
export function fromBase64(text: string, code: ErrorCode): Uint8Array {
  const packed = text.replace(/[\r\n\t ]+/g, '');
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed))
    throw new AppError(code, { detail: 'it is not base64' });
  return Buffer.from(packed, 'base64');
}
