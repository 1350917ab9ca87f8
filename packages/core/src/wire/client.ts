import type { z } from 'zod';
import { AppError, isErrorCode } from '../errors.ts';
import { problem, type Route } from './route.ts';

/** What goes over the network. */
export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  /** In small letters. */
  readonly headers: Readonly<Record<string, string>>;
}
export interface TransportReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Sends one request; whoever has the network gives it (undici over a socket or HTTPS, fetch in the browser). */
export type Transport = (request: TransportRequest) => Promise<TransportReply>;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each call narrows it */
type AnyRoute = Route<any, any, any, any>;

export interface CallInput<R extends AnyRoute> {
  params?: z.input<R['params']>;
  query?: z.input<R['query']>;
  body?: z.input<R['body']>;
  /** The entity tag of what was read: a change by somebody else in between is refused (PRECONDITION_FAILED). */
  ifMatch?: string;
}

/** How writes survive a connection that breaks before their answer. */
export interface RetryOptions {
  /** A fresh random value: each write that is no repetition gets its own. */
  readonly newIdempotencyKey: () => string;
  /** Waits before the next try. */
  readonly wait: (delayMs: number) => Promise<void>;
  /** Was this failure the connection's, so that it is not known whether the request arrived? */
  readonly isLost: (error: unknown) => boolean;
}

/** A request that was lost is sent so often in all. */
export const CALL_TRIES_MAX = 3;
const FIRST_WAIT_MS = 250;

/**
 * One typed caller for all routes. Refusals come out as AppError with the server's code. With `retry`, each write carries an
 * idempotency key, and what the connection lost is sent again: it is carried out once.
 */
export function createClient(transport: Transport, retry?: RetryOptions) {
  return async function call<R extends AnyRoute>(
    route: R,
    input: CallInput<R> = {},
  ): Promise<z.output<R['reply']>> {
    const request: TransportRequest = {
      method: route.method,
      path: pathOf(route, input),
      body: input.body === undefined ? undefined : JSON.stringify(input.body),
      headers: {
        ...(retry === undefined || route.method === 'GET'
          ? {}
          : { 'idempotency-key': retry.newIdempotencyKey() }),
        ...(input.ifMatch === undefined ? {} : { 'if-match': input.ifMatch }),
      },
    };
    const response = await send(transport, request, retry);
    const parsed = parseJson(response.body);
    if (response.status >= 400) throw refusalOf(response.status, parsed);
    return route.reply.parse(parsed) as z.output<R['reply']>;
  };
}
export type Caller = ReturnType<typeof createClient>;

async function send(
  transport: Transport,
  request: TransportRequest,
  retry: RetryOptions | undefined,
): Promise<TransportReply> {
  for (let tries = 1; ; tries += 1) {
    try {
      const reply = await transport(request);
      if (retry === undefined || tries === CALL_TRIES_MAX || !isUnderWay(reply)) return reply;
    } catch (error) {
      if (retry === undefined || tries === CALL_TRIES_MAX || !retry.isLost(error)) throw error;
    }
    await retry.wait(FIRST_WAIT_MS * 4 ** (tries - 1));
  }
}

/** The first try of the same request is still being worked on. */
function isUnderWay(reply: TransportReply): boolean {
  const parsed = reply.status === 409 ? problem.safeParse(parseJson(reply.body)) : undefined;
  return parsed?.success === true && parsed.data.code === 'IDEMPOTENCY_UNDER_WAY';
}

/** The address of a call, with its query. */
export function pathOf(route: AnyRoute, input: { params?: unknown; query?: unknown }): string {
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

/** The refusal of a reply: that of its problem document, else INTERNAL with the status as cause. */
export function refusalOf(status: number, body: unknown): AppError {
  const parsed = problem.safeParse(body);
  if (parsed.success && isErrorCode(parsed.data.code))
    return new AppError(parsed.data.code, parsed.data.params);
  return new AppError('INTERNAL', {}, { cause: new Error(`status ${status}`) });
}
