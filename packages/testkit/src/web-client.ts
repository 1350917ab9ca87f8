import { RIGHTS, type Grant, type Right } from '@sekisho/core/rules/rights.ts';
import { createApiKey } from '@sekisho/core/wire/api-keys.ts';
import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { addAdministrator } from './administrators.ts';
import type { Answer, TrustServer } from './trust-server.ts';

/** One request to the administration port of a server. */
export interface WebRequest {
  readonly method?: string;
  readonly path: string;
  /** An API key's secret. */
  readonly key?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
}

/** Asks over real HTTPS, on a connection of its own. */
export function webRequest(server: TrustServer, asked: WebRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(optionsOf(server, asked), (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end(textOf(asked.body));
  });
}

/** The same for a reply that does not end: resolves with its head. The caller destroys it. */
export function webStream(server: TrustServer, asked: WebRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(optionsOf(server, asked), resolve);
    sent.once('error', reject);
    sent.end();
  });
}

/** A caller of the routes over HTTPS with an API key. */
export const webCaller = (server: TrustServer, key: string): Caller =>
  createClient(async ({ method, path, body, headers }) => {
    const answer = await webRequest(server, {
      method,
      path,
      key,
      body,
      ...(headers === undefined ? {} : { headers }),
    });
    return { status: answer.status, body: answer.body, headers: answer.headers };
  });

/** The secret of an API key with these rights, of an administrator who is made for it. */
export async function newApiKey(
  server: TrustServer,
  name: string,
  options: { scopes?: readonly Right[]; grants?: readonly Grant[] } = {},
): Promise<string> {
  const grants = options.grants ?? [{ role: 'administrator', groupId: null }];
  await addAdministrator(server.server.context.store, name, grants, server.clock.nowMs());
  const scopes = options.scopes ?? RIGHTS.filter((right) => !right.startsWith('administrator.'));
  const body = { name: 'test', scopes: [...scopes], validSeconds: 86_400, owner: name };
  return (await server.call(createApiKey, { body })).key;
}

function optionsOf(server: TrustServer, asked: WebRequest): RequestOptions {
  return {
    host: '127.0.0.1',
    port: server.server.ports.admin,
    method: asked.method ?? 'GET',
    path: asked.path,
    // the tests' clock is not OpenSSL's: who answers is checked where a test is about that
    rejectUnauthorized: false,
    agent: false,
    headers: {
      ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(asked.key === undefined ? {} : { authorization: `Bearer ${asked.key}` }),
      ...asked.headers,
    },
  };
}

const textOf = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
