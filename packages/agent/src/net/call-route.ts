import { AppError } from '@sekisho/core/errors.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { createClient, type CallInput } from '@sekisho/core/wire/client.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import type { Agent } from 'node:http';
import type { z } from 'zod';
import { describeNetworkError, sendRequest } from './http-request.ts';

/** A server, and connections to it that were checked; without: its plain port, for what is verified by itself. */
export interface RouteTarget {
  readonly host: string;
  readonly port: number;
  readonly agent?: Agent | undefined;
  /** Headers that depend on what is asked (F-20: its signature). */
  readonly headers?: RequestHeaders;
  readonly signal?: AbortSignal | undefined;
}

type RequestHeaders = (request: {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}) => Promise<Readonly<Record<string, string>>>;

/** A document in JSON, and room for the rest. */
const REPLY_BYTES_MAX = DOCUMENT_BYTES_MAX + 64 * 1024;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each call narrows it */
type AnyRoute = Route<any, any, any, any>;

/**
 * Calls one of the server's routes. Refusals are the server's own; SERVER_UNREACHABLE when nothing could be asked; a failed
 * check of the peer keeps its PEER_… code.
 */
export async function callRoute<R extends AnyRoute>(
  target: RouteTarget,
  route: R,
  input: CallInput<R>,
): Promise<z.output<R['reply']>> {
  const server = `${target.host}:${target.port}`;
  const call = createClient(async ({ method, path, body }) => {
    const added = await target.headers?.({ method, path, body });
    const reply = await sendRequest(target, {
      method,
      path,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...added },
      ...(body === undefined ? {} : { body }),
      replyBytesMax: REPLY_BYTES_MAX,
      signal: target.signal,
    });
    return { status: reply.status, body: reply.body.toString('utf8') };
  });
  try {
    return await call(route, input);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof Error && error.name === 'ZodError')
      throw new AppError('SERVER_REPLY_UNUSABLE', { server, detail: route.path }, { cause: error });
    throw new AppError(
      'SERVER_UNREACHABLE',
      { server, detail: describeNetworkError(error) },
      { cause: error },
    );
  }
}
