import { openApiDocument } from '@sekisho/server/http/openapi.ts';
import { SERVER_VERSION } from '@sekisho/server/version.ts';
import type { Page } from './page.ts';

/** The OpenAPI document as the server serves it, for tools that make clients. */
export const openApiPage = (): Page => ({
  path: 'docs/reference/openapi.json',
  text: `${JSON.stringify(openApiDocument(SERVER_VERSION), null, 2)}\n`,
});
