import type { FastifyInstance } from 'fastify';
import { authorize } from '../http/mount.ts';
import type { ServerMetrics } from './server-metrics.ts';

/** `GET /metrics` for whoever has the right server.read: an API key as bearer token is what Prometheus sends. */
export function metricsPages(app: FastifyInstance, metrics: ServerMetrics): void {
  const right = 'server.read';
  app.get('/metrics', {
    config: { access: right },
    onRequest: async (request) => {
      const identity = await app.identify(request, right);
      authorize({ method: 'GET', right, scope: 'domain' }, identity);
      request.identity = identity;
    },
    handler: async (_request, reply) => {
      void reply.type(metrics.contentType).header('cache-control', 'no-store');
      return metrics.text();
    },
  });
}
