import { AppError } from '@sekisho/core/errors.ts';
import { holdsRight, reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { Route } from '@sekisho/core/wire/route.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Identity } from './app.ts';
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
 * Serves a route: asks who it is and whether they may, parses what comes in, and lets nothing out that the route does not
 * declare. Refusals: RIGHT_MISSING, BODY_INVALID, those of the listener's identity, and the handler's own.
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
    handler: async (request, response) => {
      const identity = await app.identify(request, route.right);
      authorize(route, identity);
      const params: unknown = route.params.parse(request.params);
      const query: unknown = route.query.parse(request.query);
      const body: unknown = route.body.parse(request.body ?? {});
      const reply: unknown = await handler(
        inputOf(identity, { params, query, body, request, reply: response }) as MountInput<R>,
      );
      return parseReply(route, reply);
    },
  });
}

/** Refusal: RIGHT_MISSING, also when the right is limited to groups and the route is about the domain. */
function authorize({ right, scope }: AnyRoute, identity: Identity): void {
  if (right === 'peer' || right === 'public') return;
  if (identity.kind !== 'principal') throw new AppError('RIGHT_MISSING', { right });
  if (right === 'signed-in') return;
  const { principal } = identity;
  const may = scope === 'domain' ? reachOf(principal, right) === 'domain' : holdsRight(principal, right);
  if (!may) throw new AppError('RIGHT_MISSING', { right });
}

function inputOf(
  identity: Identity,
  input: { params: unknown; query: unknown; body: unknown; request: FastifyRequest; reply: FastifyReply },
): object {
  return {
    ...input,
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
