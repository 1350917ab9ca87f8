import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { OCSP_REQUEST_BYTES_MAX } from '@sekisho/pki/ocsp-request.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerMetrics } from '../../metrics/server-metrics.ts';
import { OCSP_PATH } from './crl-path.ts';
import type { OcspReply, OcspResponder } from './ocsp-responder.ts';

/** What others may keep of an answer: short, so that a revocation is not hidden behind a cache. */
const CACHE_SECONDS = 60;
/** What answers, and where it is counted. */
export interface OcspParts {
  readonly responder: OcspResponder;
  readonly metrics: ServerMetrics;
  readonly clock: Clock;
}
const REQUEST_TYPE = 'application/ocsp-request';
const GET_PREFIX = `${OCSP_PATH}/`;
/** Base64, and its signs in three characters each. */
const ADDRESS_LENGTH_MAX = OCSP_REQUEST_BYTES_MAX * 2;

/**
 * T-41: OCSP on the plain port, where the lists are too: everybody may ask, and answers are signed. It stands before the routes of that
 * port, because the way through them costs more than a kept answer. False: not a request of OCSP, the routes say what it is.
 * @source RFC 6960 §A.1, RFC 5019 §5
 */
export function serveOcsp(
  { responder, metrics, clock }: OcspParts,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { url = '', method, headers } = request;
  if (headers.host === undefined) return false;
  const beganMs = clock.monotonicMs();
  const count = (route: string): void => {
    response.once('finish', () => {
      const seconds = (clock.monotonicMs() - beganMs) / SECOND_MS;
      metrics.request('plain', request.method ?? '', route, response.statusCode, seconds);
    });
  };
  if (method === 'GET' && url.startsWith(GET_PREFIX)) {
    count(`${GET_PREFIX}*`);
    const asked = decode(url.slice(GET_PREFIX.length));
    void answer(responder, request, response, asked, true);
    return true;
  }
  if (method !== 'POST' || url !== OCSP_PATH || headers['content-type'] !== REQUEST_TYPE) return false;
  count(OCSP_PATH);
  if (Number(headers['content-length'] ?? OCSP_REQUEST_BYTES_MAX + 1) > OCSP_REQUEST_BYTES_MAX) {
    // at once: a body that nobody reads is not waited for
    response.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
    return true;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const [first = Buffer.alloc(0)] = parts;
    void answer(responder, request, response, parts.length > 1 ? Buffer.concat(parts) : first, false);
  });
  request.on('error', () => response.destroy());
  return true;
}

async function answer(
  responder: OcspResponder,
  request: IncomingMessage,
  response: ServerResponse,
  asked: Uint8Array,
  mayBeKept: boolean,
): Promise<void> {
  const reply = await responder.answer(asked, request.socket.remoteAddress);
  response.writeHead(200, {
    'content-type': 'application/ocsp-response',
    'content-length': reply.der.length,
    ...(mayBeKept ? cacheHeaders(reply) : NOT_KEPT),
  });
  response.end(reply.der);
}

const NOT_KEPT = { 'cache-control': 'no-store' };

function cacheHeaders({ thisUpdateMs, nextUpdateMs }: OcspReply): Record<string, string> {
  if (thisUpdateMs === undefined || nextUpdateMs === undefined) return NOT_KEPT;
  return {
    'cache-control': `public, no-transform, must-revalidate, max-age=${CACHE_SECONDS}`,
    'last-modified': new Date(thisUpdateMs).toUTCString(),
    expires: new Date(nextUpdateMs).toUTCString(),
  };
}

/** Some clients encode the signs of base64 in an address, some do not. What is too long, or no text, is no request. */
function decode(asked: string): Uint8Array {
  if (asked.length > ADDRESS_LENGTH_MAX) return new Uint8Array(0);
  try {
    return Buffer.from(decodeURIComponent(asked), 'base64');
  } catch {
    return new Uint8Array(0);
  }
}
