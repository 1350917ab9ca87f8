import { AppError, ERRORS, errorWords } from '@sekisho/core/errors.ts';
import { languageOfLocale, type Language } from '@sekisho/core/language.ts';
import type { Problem } from '@sekisho/core/wire/route.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyError } from 'fastify';
import { z } from 'zod';

/**
 * Whatever was thrown as a refusal with a code. What nobody foresaw becomes INTERNAL: it is logged whole and told to
 * nobody.
 */
export function refusalOf(error: unknown, log: Log): AppError {
  if (error instanceof AppError) {
    if (error.status >= 500 && error.code !== 'SERVER_BUSY')
      log.error({ err: error, code: error.code }, 'request failed');
    return error;
  }
  if (error instanceof z.ZodError)
    return new AppError('BODY_INVALID', { detail: zodDetail(error) }, { cause: error });
  const fastify = fastifyRefusal(error);
  if (fastify !== undefined) return fastify;
  log.error({ err: error }, 'request failed');
  return new AppError('INTERNAL', {}, { cause: error });
}

/** The first faults of a body, each with the key it stands at. */
export function zodDetail(error: z.ZodError): string {
  const shown = error.issues.slice(0, ISSUES_SHOWN_MAX).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  return shown.join('; ').slice(0, DETAIL_LENGTH_MAX);
}

/** The language of an Accept-Language header: that of its first entry. */
export const languageOfHeader = (acceptLanguage: string | undefined): Language =>
  languageOfLocale(acceptLanguage?.split(/[,;]/)[0]?.trim());

/**
 * The problem document of a refusal. `type` is an address on this very server, where the code is explained
 * ([why](../../../../docs/adr/0013-the-api.md)); `instance` names the request, as the log does.
 * @source RFC 9457 §3
 */
export function problemOf(
  refusal: AppError,
  acceptLanguage: string | undefined,
  requestId?: string,
): Problem {
  const { words, hint } = errorWords(refusal.code, refusal.params, languageOfHeader(acceptLanguage));
  return {
    type: `${ERROR_PAGES}/${refusal.code}`,
    title: words,
    status: ERRORS[refusal.code].status,
    detail: hint,
    ...(requestId === undefined ? {} : { instance: `urn:sekisho:request:${requestId}` }),
    code: refusal.code,
    params: { ...refusal.params },
  };
}

/** Where each code is explained, on every port that answers with problem documents. */
export const ERROR_PAGES = '/v1/errors';

/** What is sent beside a problem document. */
export function problemHeaders(
  refusal: AppError,
  acceptLanguage: string | undefined,
): Record<string, string> {
  const { allowed, retrySeconds } = refusal.params;
  return {
    'content-type': 'application/problem+json',
    'content-language': languageOfHeader(acceptLanguage),
    vary: 'Accept-Language',
    'cache-control': 'no-store',
    ...(refusal.code === 'METHOD_NOT_ALLOWED' && allowed !== undefined ? { allow: String(allowed) } : {}),
    ...(typeof retrySeconds === 'number'
      ? { 'retry-after': String(Math.max(1, Math.ceil(retrySeconds))) }
      : {}),
  };
}

const ISSUES_SHOWN_MAX = 5;
const DETAIL_LENGTH_MAX = 500;

function fastifyRefusal(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const { statusCode } = error as Partial<FastifyError>;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new AppError('BODY_TOO_LARGE', { limitBytes: '?' }, { cause: error });
  if (error.code.startsWith('FST_') && statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new AppError(
      'BODY_INVALID',
      { detail: error.message.slice(0, DETAIL_LENGTH_MAX) },
      { cause: error },
    );
  return undefined;
}
