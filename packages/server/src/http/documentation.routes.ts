import { AppError, ERRORS, explainError, isErrorCode, type ErrorCode } from '@sekisho/core/errors.ts';
import type { Language } from '@sekisho/core/language.ts';
import { getErrorCode } from '@sekisho/core/wire/documentation.ts';
import type { FastifyInstance } from 'fastify';
import { SERVER_VERSION } from '../version.ts';
import { mount } from './mount.ts';
import { openApiDocument } from './openapi.ts';
import { languageOfHeader } from './refusal.ts';

/** The API about itself, for everybody: what the code says of it is in the documentation too, and names nothing of this domain. */
export function documentationRoutes(app: FastifyInstance): void {
  errorPages(app);
  let text: string | undefined;
  app.get('/v1/openapi.json', { config: { access: 'public' } }, async (_request, reply) => {
    void reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache');
    return (text ??= JSON.stringify(openApiDocument(SERVER_VERSION)));
  });
}

/** Where the `type` of a problem document leads; on every port that answers with one. */
export function errorPages(app: FastifyInstance): void {
  mount(app, getErrorCode, ({ params, request, reply }) => {
    const { code } = params;
    if (!isErrorCode(code)) throw new AppError('NOT_FOUND', { what: 'code', id: code });
    const language = languageOfHeader(request.headers['accept-language']);
    const { words: title, hint: detail } = explainError(code, language);
    void reply.header('content-language', language).header('vary', 'Accept, Accept-Language');
    const view = { code, status: ERRORS[code].status, title, detail };
    if (/\btext\/html\b/.test(request.headers.accept ?? ''))
      void reply.type('text/html; charset=utf-8').serializer(() => page(view, language));
    return view;
  });
}

function page(
  view: { code: ErrorCode; status: number; title: string; detail: string },
  language: Language,
): string {
  const [title, detail] = [view.title, view.detail].map(escapeHtml);
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${view.code} – Sekisho</title></head>
<body><main><h1>${view.code}</h1><p>${title}</p><p>${detail}</p><p>HTTP ${view.status}</p></main></body></html>
`;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
