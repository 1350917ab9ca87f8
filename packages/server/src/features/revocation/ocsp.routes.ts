import { AppError } from '@sekisho/core/errors.ts';
import { OCSP_REQUEST_BYTES_MAX } from '@sekisho/pki/ocsp-request.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { OCSP_PATH } from './crl-path.ts';
import type { OcspReply, OcspResponder } from './ocsp-responder.ts';

/** What others may keep of an answer: short, so that a revocation is not hidden behind a cache. */
const CACHE_SECONDS = 60;
const REQUEST_TYPE = 'application/ocsp-request';

/** T-41: OCSP on the plain port, where lists are too: answers are signed. @source RFC 6960 §A.1, RFC 5019 §5 */
export function ocspRoutes(app: FastifyInstance, responder: OcspResponder): void {
  app.addContentTypeParser(REQUEST_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  const config = { access: 'public' } as const;
  app.post(OCSP_PATH, { config, bodyLimit: OCSP_REQUEST_BYTES_MAX }, async (request, reply) => {
    if (!Buffer.isBuffer(request.body))
      throw new AppError('OCSP_MALFORMED', { detail: `not ${REQUEST_TYPE}` });
    return send(reply, await responder.answer(request.body, request.socket.remoteAddress), false);
  });
  app.get(`${OCSP_PATH}/*`, { config }, async (request, reply) => {
    const asked = request.url.slice(OCSP_PATH.length + 1);
    return send(reply, await responder.answer(decode(asked), request.socket.remoteAddress), true);
  });
}

/** Base64 in an address: some clients encode its signs, some do not. Too much of it is not decoded at all. */
function decode(asked: string): Uint8Array {
  if (asked.length > OCSP_REQUEST_BYTES_MAX * 4) return new Uint8Array(0);
  try {
    return Buffer.from(decodeURIComponent(asked), 'base64');
  } catch {
    return new Uint8Array(0);
  }
}

function send(reply: FastifyReply, answer: OcspReply, mayBeKept: boolean): FastifyReply {
  const { der, thisUpdateMs, nextUpdateMs } = answer;
  void reply.type('application/ocsp-response');
  if (mayBeKept && thisUpdateMs !== undefined && nextUpdateMs !== undefined)
    void reply
      .header('cache-control', `public, no-transform, must-revalidate, max-age=${CACHE_SECONDS}`)
      .header('last-modified', new Date(thisUpdateMs).toUTCString())
      .header('expires', new Date(Math.min(nextUpdateMs, thisUpdateMs + CACHE_SECONDS * 1000)).toUTCString());
  else void reply.header('cache-control', 'no-store');
  return reply.send(Buffer.from(der.buffer, der.byteOffset, der.byteLength));
}
