import { AppError } from '@sekisho/core/errors.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** What a fake route is asked with, parsed by the route's own schemas. */
export interface FakeInput<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: z.output<R['body']>;
}

/** A route with its answer; the answer is parsed by the route's reply, so that the fake cannot drift from the contract. */
export interface FakeRoute {
  readonly route: Route;
  readonly answer: (input: FakeInput<Route>) => unknown;
}

export const fakeRoute = <R extends Route>(
  route: R,
  answer: (input: FakeInput<R>) => z.input<R['reply']>,
): FakeRoute => ({
  route,
  // the input was parsed with this route's own schemas before it gets here
  answer: (input) => answer(input as FakeInput<R>),
});

/** A management server's socket with canned answers: real HTTP over a real Unix socket in a data folder of its own. */
export interface FakeServer {
  readonly dataFolder: string;
  /** `METHOD path` of every request, in order. */
  readonly requests: string[];
  /** Bodies of the requests that had one. */
  readonly bodies: unknown[];
  close(): Promise<void>;
}

const SETTINGS = {
  version: 1,
  instanceId: '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a',
  database: 'postgres://sekisho:sample@db.example.com/sekisho',
  addresses: ['backup.example.com'],
  fleet: { heartbeatSeconds: 60 },
};

export async function startFakeServer(routes: readonly FakeRoute[]): Promise<FakeServer> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'sekisho-cli-'));
  await writeFile(join(dataFolder, 'server.json'), JSON.stringify(SETTINGS, null, 2));
  await mkdir(join(dataFolder, 'run'), { mode: 0o700 });
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    void answerRequest(routes, request, response, requests, bodies);
  });
  await new Promise<void>((resolve) => server.listen(join(dataFolder, 'run', 'admin.sock'), resolve));
  return {
    dataFolder,
    requests,
    bodies,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

async function answerRequest(
  routes: readonly FakeRoute[],
  request: IncomingMessage,
  response: ServerResponse,
  requests: string[],
  bodies: unknown[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
  try {
    const raw = await readBody(request);
    if (raw !== '') bodies.push(JSON.parse(raw));
    for (const { route, answer } of routes) {
      const params = route.method === request.method ? match(route.path, url.pathname) : undefined;
      if (params === undefined) continue;
      const input = {
        params: route.params.parse(params),
        query: route.query.parse(Object.fromEntries(url.searchParams)),
        body: route.body.parse(raw === '' ? {} : JSON.parse(raw)),
      };
      reply(response, 200, 'application/json', route.reply.parse(await answer(input)));
      return;
    }
    throw new AppError('ROUTE_UNKNOWN');
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const detail = issue === undefined ? String(error) : `${issue.path.join('.')}: ${issue.message}`;
    const refusal = error instanceof AppError ? error : new AppError('BODY_INVALID', { detail });
    const { code, params, status } = refusal;
    reply(response, status, 'application/problem+json', {
      type: 'about:blank',
      title: code,
      status,
      code,
      params,
    });
  }
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of expected.entries()) {
    const value = given[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function reply(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
}
