import type { z } from 'zod';
import { AppError, isErrorCode } from '../errors.ts';
import { problem, type Route } from './route.ts';

/** Sends one request; whoever has the network gives it (undici over a socket, fetch in the browser). */
export type Transport = (request: {
  method: string;
  path: string;
  body: string | undefined;
}) => Promise<{ status: number; body: string }>;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each call narrows it */
type AnyRoute = Route<any, any, any, any>;

export interface CallInput<R extends AnyRoute> {
  params?: z.input<R['params']>;
  query?: z.input<R['query']>;
  body?: z.input<R['body']>;
}

/** One typed caller for all routes. Refusals come out as AppError with the server's code. */
export function createClient(transport: Transport) {
  return async function call<R extends AnyRoute>(
    route: R,
    input: CallInput<R> = {},
  ): Promise<z.output<R['reply']>> {
    const response = await transport({
      method: route.method,
      path: pathOf(route, input),
      body: input.body === undefined ? undefined : JSON.stringify(input.body),
    });
    const parsed = parseJson(response.body);
    if (response.status >= 400) throw refusalOf(response.status, parsed);
    return route.reply.parse(parsed) as z.output<R['reply']>;
  };
}
export type Caller = ReturnType<typeof createClient>;

function pathOf(route: AnyRoute, input: { params?: unknown; query?: unknown }): string {
  const params = (input.params ?? {}) as Record<string, string>;
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const query = new Map<string, string>();
  for (const [name, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined) query.set(name, String(value));
  }
  if (query.size === 0) return path;
  return `${path}?${[...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusalOf(status: number, body: unknown): AppError {
  const parsed = problem.safeParse(body);
  if (parsed.success && isErrorCode(parsed.data.code))
    return new AppError(parsed.data.code, parsed.data.params);
  return new AppError('INTERNAL', {}, { cause: new Error(`status ${status}`) });
}
