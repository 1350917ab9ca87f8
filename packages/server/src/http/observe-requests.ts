import { inLogScope, type Log } from '@sekisho/platform/log.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { originOfSocket } from './request-origin.ts';

/** The listeners as logs and metrics name them. */
export type ListenerName = 'agent' | 'admin' | 'socket' | 'plain' | 'metrics';

/** Every reply tells the request's ID in a header, and all log lines that come of the request carry it. */
export function carryRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    inLogScope(request.id, done);
  });
  // the end of a body is told by the connection, which knows nothing of the request
  app.addHook('preValidation', (request, _reply, done) => {
    inLogScope(request.id, done);
  });
}

/**
 * Writes the access log of a listener (at `level`; the pattern of the route, never the raw address), and counts. What the
 * level leaves out costs a comparison.
 */
export function observeRequests(
  app: FastifyInstance,
  parts: { log: Log; metrics: ServerMetrics; listener: ListenerName; level: 'info' | 'debug' },
): void {
  const { log, metrics, listener, level } = parts;
  app.addHook('onResponse', (request, reply, done) => {
    metrics.request(listener, request.method, routeOf(request), reply.statusCode, reply.elapsedTime / 1_000);
    if (log.isLevelEnabled(level)) log[level](lineOf(listener, request, reply), 'request');
    done();
  });
}

/** The pattern of the route, or `unknown`: bounded in number, and without what callers wrote. */
const routeOf = (request: FastifyRequest): string =>
  request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');

function lineOf(listener: ListenerName, request: FastifyRequest, reply: FastifyReply): object {
  const { identity } = request as { identity?: FastifyRequest['identity'] };
  return {
    requestId: request.id,
    listener,
    method: request.method,
    route: routeOf(request),
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    address: request.raw.socket.remoteAddress === undefined ? 'local' : originOfSocket(request.raw.socket),
    ...(identity?.kind === 'principal' ? { administrator: identity.principal.name } : {}),
    ...(identity?.kind === 'peer' ? { hostId: identity.peer.hostId } : {}),
  };
}
