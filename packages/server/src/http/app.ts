import { AppError } from '@sekisho/core/errors.ts';
import { HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { Access } from '@sekisho/core/wire/route.ts';
import type { Log } from '@sekisho/platform/log.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Idempotency } from './idempotency.ts';
import { KnownRoutes } from './known-routes.ts';
import { carryRequestId } from './observe-requests.ts';
import type { PeerIdentity } from './peer.ts';
import { problemHeaders, problemOf, refusalOf } from './refusal.ts';
import { nextRequestId } from './request-id.ts';

/** Who may be behind a request of a listener. */
export type Identity =
  | { readonly kind: 'public' }
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'peer'; readonly peer: PeerIdentity };

/**
 * Says who asks, for a route that needs this access; throws the refusal when nobody fitting does. `renewing-peer`: also a host whose
 * certificate is of a CA that has left (F-38).
 */
export type Identify = (
  request: FastifyRequest,
  access: Access | 'renewing-peer',
) => Identity | Promise<Identity>;

/** Throws the refusal when the peer of a request no longer counts, now that its answer is ready. */
export type ConfirmPeer = (request: FastifyRequest) => void;

declare module 'fastify' {
  interface FastifyInstance {
    identify: Identify;
    confirmPeer: ConfirmPeer | undefined;
    bodyBytesMax: number;
    /** What the cursors of lists are authenticated with; without it they go as they are. */
    cursorKey: Uint8Array | undefined;
    /** Without it the idempotency keys of requests mean nothing. */
    idempotency: Idempotency | undefined;
  }
  interface FastifyRequest {
    /** Who asks; `public` until the route has asked. */
    identity: Identity;
    /** The identity is asked again for something that goes on by itself: that is no sign of somebody being there. */
    isWatching?: boolean;
  }
  interface FastifyContextConfig {
    /** The right that the route needs: a route without one is not served at all (invariant 3). */
    access?: Access;
  }
}

export interface AppOptions {
  readonly identify: Identify;
  /** Asked for routes that are mounted, once the answer is ready. */
  readonly confirmPeer?: ConfirmPeer;
  readonly bodyBytesMax: number;
  readonly log: Log;
  readonly cursorKey?: Uint8Array;
  readonly idempotency?: Idempotency;
}

/** The routes of one listener: every refusal leaves as a problem document, every route names its right. */
export function createApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    exposeHeadRoutes: false,
    trustProxy: false, // forwarded-for headers are ignored (T-12)
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, ignoreTrailingSlash: false },
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    genReqId: nextRequestId, // what a caller brings along is not taken over
    requestIdHeader: false,
    // an address that cannot be decoded, or a method nobody knows
    frameworkErrors: (error, request, reply) => {
      send(request as FastifyRequest, reply as FastifyReply, refusalOf(error, options.log));
    },
  });
  app.decorate('identify', options.identify);
  app.decorate('confirmPeer', options.confirmPeer);
  app.decorate('bodyBytesMax', options.bodyBytesMax);
  app.decorate('cursorKey', options.cursorKey);
  app.decorate('idempotency', options.idempotency);
  app.decorateRequest('identity');
  carryRequestId(app);
  const known = new KnownRoutes();
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`the route ${String(route.method)} ${route.url} names no right`);
    known.add(route.url, route.method);
  });
  app.addHook('onRequest', async (request) => {
    request.identity = NOBODY;
    const { httpVersion, headers } = request.raw;
    const isWhole = httpVersion === '1.0' || (httpVersion === '1.1' && headers.host !== undefined);
    if (!isWhole) throw new AppError('REQUEST_MALFORMED'); // RFC 9112 §3.2
  });
  // before a byte of the body is read, and after every `onRequest`: a key that leaked into such an address has leaked, too
  app.addHook('preParsing', async (request) => {
    if (request.is404) throw known.refusal(request.method, request.url);
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
  const language = request.headers['accept-language'];
  // a body that nobody reads is not waited for
  if (hasLongBody(request)) void reply.header('connection', 'close');
  void reply
    .status(refusal.status)
    .headers({ ...problemHeaders(refusal, language), 'x-request-id': request.id })
    .send(problemOf(refusal, language, request.id));
}

/** Longer than what is read and thrown away, or of unknown length. */
function hasLongBody({ raw }: FastifyRequest): boolean {
  if (raw.complete) return false;
  return (
    raw.headers['transfer-encoding'] !== undefined ||
    Number(raw.headers['content-length'] ?? 0) > DUMPED_BYTES_MAX
  );
}

const NOBODY: Identity = { kind: 'public' };
const DUMPED_BYTES_MAX = 64 * 1024;
const PARAM_LENGTH_MAX = 300;
