import { listen } from '@sekisho/platform/ports.ts';
import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:http';
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

/**
 * A listener of its own, without sign-in, for `ADDRESS:PORT` of the setting metrics.listen. It serves that one page and no
 * other. Refusal: PORT_TAKEN.
 */
export async function listenForMetrics(
  endpoint: string,
  metrics: { text(): Promise<string>; readonly contentType: string },
): Promise<{ port: number; close(): Promise<void> }> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(endpoint) ?? [];
  const server = createServer(
    { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, keepAliveTimeout: TIMEOUT_MS },
    (request, response) => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  const bound = await listen(server, {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    flag: 'metrics.listen',
  });
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 16;
