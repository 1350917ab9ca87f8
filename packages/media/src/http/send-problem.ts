import { AppError, errorWords } from '@sekisho/core/errors.ts';
import { languageOfLocale } from '@sekisho/core/language.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';

/** Seconds after which a client may try again what is refused only for now. */
const RETRY_SECONDS = 30;

/** A refusal as a problem document (RFC 9457) with words, hint and code, in the language the client asks for. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, error: AppError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = problemBody(error, request.headers['accept-language']);
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
  };
  if (error.status === 503 || error.status === 429) headers['Retry-After'] = RETRY_SECONDS;
  const sizeBytes = error.code === 'RANGE_UNSATISFIABLE' ? error.params['sizeBytes'] : undefined;
  if (sizeBytes !== undefined) headers['Content-Range'] = `bytes */${sizeBytes}`;
  response.writeHead(error.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The problem document of a refusal as JSON text. */
export function problemBody(error: AppError, acceptLanguage?: string): string {
  const { words, hint } = errorWords(error.code, error.params, languageOfLocale(acceptLanguage));
  return JSON.stringify({
    type: 'about:blank',
    title: words,
    status: error.status,
    detail: hint,
    code: error.code,
    params: error.params,
  });
}

/** What never became a request, as a refusal; undefined when it was not HTTP's parser that gave up. */
export function refusalOfParser(error: Error): AppError | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const options = { cause: error };
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError('REQUEST_HEADERS_TOO_LARGE', { limitBytes: HEADER_BYTES_MAX }, options);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new AppError('REQUEST_TOO_SLOW', {}, options);
  return code.startsWith('HPE_') ? new AppError('REQUEST_MALFORMED', {}, options) : undefined;
}

/** A refusal as one raw answer, for a connection that no HTTP parser serves. */
export function rawProblem(error: AppError): string {
  const body = problemBody(error);
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** Whatever was thrown, as a refusal. */
export const toAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error });
