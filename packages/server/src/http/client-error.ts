import { AppError } from '@sekisho/core/errors.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemHeaders, problemOf } from './refusal.ts';
import { nextRequestId } from './request-id.ts';

/**
 * Answers what never became a request (no HTTP, headers too long or too slow) with a problem document too, and ends the
 * connection (invariant 6). What was sent is not echoed.
 */
export function answerClientErrors(server: Pick<Server, 'on'>): void {
  server.on('clientError', (error: Error, socket: Duplex) => {
    const refusal = refusalOfParser(error);
    // a handshake that failed or took too long arrives here too: nothing can be said on such a connection
    if (refusal === undefined || !socket.writable) socket.destroy();
    else refuseRaw(socket, refusal, undefined);
  });
  // of all expectations only 100-continue is known (RFC 9110 §10.1.1)
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = new AppError('REQUEST_MALFORMED');
    const requestId = nextRequestId();
    const body = JSON.stringify(problemOf(refusal, request.headers['accept-language'], requestId));
    response.writeHead(refusal.status, {
      ...problemHeaders(refusal, request.headers['accept-language']),
      'x-request-id': requestId,
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    });
    response.end(body);
  });
}

/** Writes a refusal on a connection that no HTTP parser serves any more, and ends it. */
export function refuseRaw(socket: Duplex, refusal: AppError, acceptLanguage: string | undefined): void {
  const requestId = nextRequestId();
  const body = JSON.stringify(problemOf(refusal, acceptLanguage, requestId));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    ...Object.entries(problemHeaders(refusal, acceptLanguage)).map(([name, value]) => `${name}: ${value}`),
    `X-Request-Id: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  // destroyed once it is written: whoever goes on sending does not keep the socket
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Undefined: it was not HTTP's parser that gave up. */
function refusalOfParser(error: Error): AppError | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const options = { cause: error };
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError('REQUEST_HEADERS_TOO_LARGE', { limitBytes: HEADER_BYTES_MAX }, options);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new AppError('REQUEST_TOO_SLOW', {}, options);
  return code.startsWith('HPE_') ? new AppError('REQUEST_MALFORMED', {}, options) : undefined;
}
