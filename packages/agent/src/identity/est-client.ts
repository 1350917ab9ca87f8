import { AppError, isErrorCode } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { CERTS_ONLY_MAX, parseCertsOnly } from '@sekisho/pki/est.ts';
import { fromBase64 } from '@sekisho/pki/pem.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import type { Agent } from 'node:http';
import { z } from 'zod';
import { refusalOf, sendRequest, type HttpReply } from '../net/http-request.ts';

/** Where EST requests go: an address, and connections that were checked. */
export interface EstTarget {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
}

/** Base64 of a certs-only message with as many certificates as one may hold. */
const EST_REPLY_BYTES_MAX = 2 * CERTS_ONLY_MAX * CERTIFICATE_BYTES_MAX;

/** The CA certificates that a server publishes. They mean nothing until one was compared with a fingerprint. @source RFC 7030 §4.1 */
export async function fetchCaCertificates(target: EstTarget): Promise<Certificate[]> {
  const reply = await sendRequest(target, {
    method: 'GET',
    path: '/.well-known/est/cacerts',
    replyBytesMax: EST_REPLY_BYTES_MAX,
  });
  return certificatesIn(target, reply);
}

/** Asks for the first certificate, with the token as password when there is one (T-06). @source RFC 7030 §4.2.1 */
export async function simpleEnroll(
  target: EstTarget,
  wish: { csrDer: Uint8Array; token: Secret | undefined; nowMs: number },
): Promise<Certificate[]> {
  const authorization =
    wish.token === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`token:${wish.token.reveal()}`).toString('base64')}` };
  return enroll(target, '/.well-known/est/simpleenroll', wish, authorization);
}

/** Renews: the TLS certificate of the connection says who asks (T-04). @source RFC 7030 §4.2.2 */
export const simpleReenroll = (
  target: EstTarget,
  wish: { csrDer: Uint8Array; nowMs: number },
): Promise<Certificate[]> => enroll(target, '/.well-known/est/simplereenroll', wish, {});

async function enroll(
  target: EstTarget,
  path: string,
  wish: { csrDer: Uint8Array; nowMs: number },
  headers: Readonly<Record<string, string>>,
): Promise<Certificate[]> {
  const reply = await sendRequest(target, {
    method: 'POST',
    path,
    headers: {
      ...headers,
      'content-type': 'application/pkcs10',
      'content-transfer-encoding': 'base64',
      // Our own agents send their time, so that a skewed clock is named (T-15).
      'sekisho-time': String(wish.nowMs),
    },
    body: Buffer.from(wish.csrDer).toString('base64'),
    replyBytesMax: EST_REPLY_BYTES_MAX,
  });
  return certificatesIn(target, reply);
}

function certificatesIn(target: EstTarget, reply: HttpReply): Certificate[] {
  const server = `${target.host}:${target.port}`;
  if (reply.status !== 200) throw estRefusal(server, reply);
  try {
    return parseCertsOnly(fromBase64(reply.body.toString('latin1'), 'CERTIFICATE_MALFORMED'));
  } catch (error) {
    throw new AppError('SERVER_REPLY_UNUSABLE', { server, detail: 'certificates' }, { cause: error });
  }
}

const refusalParams = z.record(z.string(), z.union([z.string(), z.number()]));

/** EST answers in plain text; code and parameters are in headers of our own. */
function estRefusal(server: string, reply: HttpReply): AppError {
  const { 'sekisho-code': code, 'sekisho-params': packed } = reply.headers;
  if (typeof code !== 'string' || !isErrorCode(code)) return refusalOf(server, reply);
  try {
    const raw: unknown = JSON.parse(Buffer.from(String(packed ?? ''), 'base64url').toString('utf8'));
    return new AppError(code, refusalParams.parse(raw));
  } catch {
    return new AppError(code);
  }
}
