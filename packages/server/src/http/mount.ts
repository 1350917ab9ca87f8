import { AppError } from '@sekisho/core/errors.ts';
import { holdsRight, reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { z } from 'zod';
import type { Identity } from './app.ts';
import { sealNext, openAfter } from './cursor.ts';
import { answerUnchanged } from './entity-tag.ts';
import type { PeerIdentity } from './peer.ts';

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any schema: each route narrows it */
export type AnyRoute = Route<any, any, any, any>;

/** What a handler gets: parsed input, and who asks. */
export interface MountInput<R extends AnyRoute> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: z.output<R['body']>;
  /** The administrator; only on routes that need a right. */
  readonly principal: Principal;
  /** The host of the TLS certificate; only on routes of access `peer` (invariant 4). */
  readonly peer: PeerIdentity;
  readonly request: FastifyRequest;
  /** For headers (cookies, ETag) and another success status; the body is what the handler returns. */
  readonly reply: FastifyReply;
}

/**
 * Serves a route: asks who it is and whether they may before a byte of the body is read, parses what comes in, and lets
 * nothing out that the route does not declare. A list's `next` leaves as a cursor that only the same list takes as `after`;
 * a write with an idempotency key is carried out once; a read that is known already is answered with 304.
 * Refusals: RIGHT_MISSING, BODY_INVALID, CURSOR_INVALID, IDEMPOTENCY_…, those of the listener's identity, and the handler's
 * own.
 */
export function mount<R extends AnyRoute>(
  app: FastifyInstance,
  route: R,
  handler: (input: MountInput<R>) => Promise<z.input<R['reply']>> | z.input<R['reply']>,
): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { access: route.right },
    onRequest: identifyFirst(app, route),
    handler: async (request, reply) => {
      const input = parseInput(app, route, request, reply);
      const work = async (): Promise<unknown> => {
        const raw: unknown = await handler(input as MountInput<R>);
        // whoever was revoked while this process was suspended gets no answer either
        app.confirmPeer?.(request);
        return sealNext(app, route, request, parseReply(route, raw));
      };
      const { identity } = request;
      if (route.method === 'GET' || identity.kind !== 'principal' || app.idempotency === undefined)
        return answerUnchanged(request, reply, await work());
      return app.idempotency.once(request, reply, identity.principal, work);
    },
  });
}

/** Serves a route whose answer the handler writes itself, on the raw connection (a stream of events). */
export function mountStream<R extends AnyRoute>(
  app: FastifyInstance,
  route: R,
  handler: (input: MountInput<R>) => Promise<void>,
): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { access: route.right },
    onRequest: identifyFirst(app, route),
    handler: async (request, reply) => {
      await handler(parseInput(app, route, request, reply) as MountInput<R>);
      return reply;
    },
  });
}

/** Who asks, and whether they may: asked before the body is read. */
function identifyFirst(app: FastifyInstance, route: AnyRoute): onRequestAsyncHookHandler {
  return async (request) => {
    const identity = await app.identify(request, route.right);
    request.identity = identity;
    authorize(route, identity);
  };
}

/**
 * Refusals: RIGHT_MISSING, also when the right is limited to groups and the route is about the domain; API_KEY_MAY_NOT for
 * what people do about their own account: a key that leaks changes no password and makes no other key.
 */
export function authorize(
  { method, right, scope }: Pick<AnyRoute, 'method' | 'right' | 'scope'>,
  identity: Identity,
): void {
  if (right === 'peer' || right === 'public') return;
  if (identity.kind !== 'principal') throw new AppError('RIGHT_MISSING', { right });
  const { principal } = identity;
  if (right === 'signed-in') return refuseKeys(principal, method);
  const may = scope === 'domain' ? reachOf(principal, right) === 'domain' : holdsRight(principal, right);
  if (!may) throw new AppError('RIGHT_MISSING', { right });
}

function refuseKeys(principal: Principal, method: AnyRoute['method']): void {
  if (principal.kind === 'api-key' && method !== 'GET') throw new AppError('API_KEY_MAY_NOT');
}

function parseInput(
  app: FastifyInstance,
  route: AnyRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): object {
  const params: unknown = route.params.parse(request.params);
  const query: unknown = route.query.parse(openAfter(app, route, request));
  const body: unknown = route.body.parse(request.body ?? {});
  const { identity } = request;
  return {
    params,
    query,
    body,
    request,
    reply,
    get principal(): Principal {
      if (identity.kind !== 'principal') throw new Error('this route has no administrator');
      return identity.principal;
    },
    get peer(): PeerIdentity {
      if (identity.kind !== 'peer') throw new Error('this route has no peer');
      return identity.peer;
    },
  };
}

/** A reply that does not fit its own declaration is our fault, not the caller's. */
function parseReply(route: AnyRoute, reply: unknown): unknown {
  const parsed = route.reply.safeParse(reply);
  if (!parsed.success)
    throw new Error(`reply of ${route.method} ${route.path} is not as declared`, { cause: parsed.error });
  return parsed.data;
}
