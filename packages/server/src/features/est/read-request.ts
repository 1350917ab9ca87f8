import { AppError } from '@sekisho/core/errors.ts';
import { parseCertificateRequest, requestBytesOfText, type CertificateRequest } from '@sekisho/pki/csr.ts';
import { Secret } from '@sekisho/platform/secret.ts';

/** The body of an enrolment, base64 with line breaks included; what is larger is not even read. */
export const EST_BODY_BYTES_MAX = 32 * 1024;

const DER_SEQUENCE = 0x30;
const DER_LONG_LENGTH = 0x80;

/**
 * The CSR in a request's body: base64 with or without line breaks (RFC 7030 §4.2.1, RFC 8951), PEM, or plain DER.
 * Refusals: CSR_MALFORMED, CSR_TOO_LARGE, CSR_KEY_…, CSR_SIGNATURE_INVALID.
 */
export function readRequestBody(body: unknown): CertificateRequest {
  if (!(body instanceof Uint8Array) || body.length === 0)
    throw new AppError('CSR_MALFORMED', { detail: 'the body is empty' });
  const isDer = body[0] === DER_SEQUENCE && (body[1] ?? 0) >= DER_LONG_LENGTH;
  return parseCertificateRequest(isDer ? body : requestBytesOfText(Buffer.from(body).toString('latin1')));
}

/** The token of an HTTP Basic header: the password, whatever the user name (T-06). @source RFC 7617 §2 */
export function readToken(authorization: string | undefined): Secret | undefined {
  if (authorization === undefined) return undefined;
  const [, packed = ''] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization) ?? [];
  const text = Buffer.from(packed, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  // a header that is there and says nothing usable is a wrong token, not a missing one
  return new Secret(colon < 0 ? '' : text.slice(colon + 1).trim());
}
