import { AppError } from '@sekisho/core/errors.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { Access } from '@sekisho/core/wire/route.ts';
import type { Log } from '@sekisho/platform/log.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { PeerIdentity } from './peer.ts';
import { problemOf, refusalOf } from './refusal.ts';

/** Who may be behind a request of a listener. */
export type Identity =
  | { readonly kind: 'public' }
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'peer'; readonly peer: PeerIdentity };

/** Says who asks, for a route that needs this access; throws the refusal when nobody fitting does. */
export type Identify = (request: FastifyRequest, access: Access) => Identity | Promise<Identity>;

declare module 'fastify' {
  interface FastifyInstance {
    identify: Identify;
    bodyBytesMax: number;
  }
  interface FastifyContextConfig {
    /** The right that the route needs: a route without one is not served at all (invariant 3). */
    access?: Access;
  }
}

/** The routes of one listener: every refusal leaves as a problem document, every route names its right. */
export function createApp(options: { identify: Identify; bodyBytesMax: number; log: Log }): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    exposeHeadRoutes: false,
    trustProxy: false, // forwarded-for headers are ignored (T-12)
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, ignoreTrailingSlash: false },
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    // an address that cannot be decoded, or a method nobody knows
    frameworkErrors: (error, request, reply) => {
      send(request as FastifyRequest, reply as FastifyReply, refusalOf(error, options.log));
    },
  });
  app.decorate('identify', options.identify);
  app.decorate('bodyBytesMax', options.bodyBytesMax);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`the route ${String(route.method)} ${route.url} names no right`);
  });
  app.addHook('onRequest', async (request) => {
    const { httpVersion, headers } = request.raw;
    const isWhole = httpVersion === '1.0' || (httpVersion === '1.1' && headers.host !== undefined);
    if (!isWhole) throw new AppError('REQUEST_MALFORMED'); // RFC 9112 §3.2
  });
  app.setNotFoundHandler((request, reply) => {
    send(request, reply, new AppError('ROUTE_UNKNOWN'));
  });
  app.setErrorHandler((error, request, reply) => {
    const raised = refusalOf(error, options.log);
    const refusal =
      raised.code === 'BODY_TOO_LARGE' && raised.params['limitBytes'] === '?'
        ? new AppError('BODY_TOO_LARGE', { limitBytes: options.bodyBytesMax }, { cause: error })
        : raised;
    send(request, reply, refusal);
  });
  return app;
}

function send(request: FastifyRequest, reply: FastifyReply, refusal: AppError): void {
  void reply
    .status(refusal.status)
    .type('application/problem+json')
    .send(problemOf(refusal, request.headers['accept-language']));
}

const PARAM_LENGTH_MAX = 300;
