import { z } from 'zod';
import type { Right } from '../rules/rights.ts';

/**
 * `peer`: the TLS peer certificate is the identity (port 13000). `public`: nobody is asked who they are. `signed-in`: any
 * administrator, about their own account.
 */
export type Access = Right | 'peer' | 'public' | 'signed-in';

/**
 * How far the right must go. `domain`: an administrator whose right is limited to groups is refused. `group`: the handler
 * asks `reachOf` and shows or touches only what is within it.
 */
export type RouteScope = 'domain' | 'group';

type Schema = z.ZodType;
const nothing = z.object({});

/** One route: method, path, the right it needs, and what goes in and out. */
export interface Route<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Body extends Schema = Schema,
  Reply extends Schema = Schema,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly right: Access;
  readonly scope: RouteScope;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly reply: Reply;
}

/** Declares a route; what it does not take is an empty object. */
export function route<
  Params extends Schema = typeof nothing,
  Query extends Schema = typeof nothing,
  Body extends Schema = typeof nothing,
  Reply extends Schema = typeof nothing,
>(spec: {
  method: Route['method'];
  path: string;
  right: Access;
  scope?: RouteScope;
  params?: Params;
  query?: Query;
  body?: Body;
  reply: Reply;
}): Route<Params, Query, Body, Reply> {
  return {
    method: spec.method,
    path: spec.path,
    right: spec.right,
    scope: spec.scope ?? 'domain',
    params: (spec.params ?? nothing) as Params,
    query: (spec.query ?? nothing) as Query,
    body: (spec.body ?? nothing) as Body,
    reply: spec.reply,
  };
}

/** A refusal as it crosses the wire (RFC 9457 members and our own `code` and `params`). */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  code: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type Problem = z.infer<typeof problem>;
