import { AppError } from '@sekisho/core/errors.ts';
import type { CustomFetch } from 'openid-client';

/** A provider answers within this time, or is taken as not reachable. */
export const OIDC_TIMEOUT_SECONDS = 10;
/** What a provider says in one answer: its description, its keys, a token. */
export const OIDC_ANSWER_BYTES_MAX = 512 * 1024;

/** Fetches from a provider: no redirects, no answer without end. Refusal: OIDC_PROVIDER_UNREACHABLE. */
export const providerFetch =
  (provider: { readonly id: string; readonly name: string }): CustomFetch =>
  async (url, options) => {
    const unreachable = (cause: unknown): AppError =>
      new AppError('OIDC_PROVIDER_UNREACHABLE', { provider: provider.name }, { cause });
    try {
      const { body, headers, method, redirect, signal } = options;
      const init: RequestInit = { headers, method, redirect };
      if (body !== null && body !== undefined)
        init.body = body instanceof URLSearchParams ? body : String(body);
      if (signal !== undefined) init.signal = signal;
      const response = await fetch(url, init);
      const bytes = await readBounded(response);
      if (response.status >= 500) throw new Error(`the provider answered ${response.status}`);
      return new Response(bytes.byteLength === 0 ? null : bytes, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      throw unreachable(error);
    }
  };

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.body !== null)
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      // leaving the loop cancels the stream
      if (bytes > OIDC_ANSWER_BYTES_MAX) throw new Error('the answer has no end');
      chunks.push(chunk);
    }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
