import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX, CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import { parseCertificate, type Certificate } from './certificate.ts';

/** Certificates in one PEM text. */
export const PEM_CERTIFICATES_MAX = 64;
const PEM_TEXT_LENGTH_MAX = PEM_CERTIFICATES_MAX * CERTIFICATE_BYTES_MAX * 2;

/** One PEM block: 64 characters a line, and no blank line before END (OpenSSL refuses that). @source RFC 7468 §2 */
export const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

export const certificateToPem = (der: Uint8Array): string => toPem('CERTIFICATE', der);

/** Certificates one below the other: a chain file. */
export const chainToPem = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => certificateToPem(certificate.der)).join('');

/** All certificates of a PEM text, in its order; text between the blocks is passed over. Refusal: CERTIFICATE_MALFORMED. */
export function parsePemCertificates(pem: string): Certificate[] {
  if (pem.length > PEM_TEXT_LENGTH_MAX)
    throw new AppError('CERTIFICATE_MALFORMED', { detail: 'the text is too long' });
  const blocks = pemBlocks(pem, 'CERTIFICATE', 'CERTIFICATE_MALFORMED');
  if (blocks.length === 0)
    throw new AppError('CERTIFICATE_MALFORMED', { detail: 'no PEM block CERTIFICATE' });
  return blocks.map(parseCertificate);
}

/** DER of a request in PEM or plain base64 (EST sends that): for `parseCertificateRequest`. Refusals: CSR_TOO_LARGE, CSR_MALFORMED. */
export function requestBytesOfText(text: string): Uint8Array {
  if (text.length > CSR_BYTES_MAX * 2) throw new AppError('CSR_TOO_LARGE', { limitBytes: CSR_BYTES_MAX });
  const label = text.includes('-----BEGIN NEW CERTIFICATE REQUEST-----')
    ? 'NEW CERTIFICATE REQUEST'
    : 'CERTIFICATE REQUEST';
  if (!text.includes('-----')) return fromBase64(text, 'CSR_MALFORMED');
  const [first, second] = pemBlocks(text, label, 'CSR_MALFORMED');
  if (first === undefined || second !== undefined)
    throw new AppError('CSR_MALFORMED', { detail: 'not one PEM block CERTIFICATE REQUEST' });
  return first;
}

function pemBlocks(pem: string, label: string, code: ErrorCode): Uint8Array[] {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const blocks: Uint8Array[] = [];
  for (let from = pem.indexOf(begin); from >= 0; from = pem.indexOf(begin, from)) {
    const to = pem.indexOf(end, from);
    if (to < 0) throw new AppError(code, { detail: 'a PEM block does not end' });
    if (blocks.length >= PEM_CERTIFICATES_MAX) throw new AppError(code, { detail: 'too many PEM blocks' });
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
