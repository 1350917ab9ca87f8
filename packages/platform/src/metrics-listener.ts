import { createServer } from 'node:http';
import { listen } from './ports.ts';

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
