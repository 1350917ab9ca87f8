import type { FastifyInstance, FastifyRequest } from 'fastify';
import { authorize } from '../http/mount.ts';
import type { Readiness } from './readiness.ts';

const PUBLIC = { config: { access: 'public' } } as const;

/**
 * `/healthz`: alive. `/readyz`: fit to serve (200) or not (503), for whoever supervises the process; the reasons are told to
 * those who show a right (server.read) by session, API key or socket, and to nobody else.
 */
export function healthPages(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', PUBLIC, async () => ({ status: 'alive' }));
  app.get('/readyz', PUBLIC, async (request, reply) => {
    const { ready, reasons } = await readiness.judge();
    if (!ready) void reply.status(503);
    void reply.header('cache-control', 'no-store');
    const status = ready ? 'ready' : 'not ready';
    return (await mayKnow(app, request)) ? { status, reasons } : { status };
  });
}

async function mayKnow(app: FastifyInstance, request: FastifyRequest): Promise<boolean> {
  const { authorization, cookie } = request.headers;
  const isLocal = request.raw.socket.remoteAddress === undefined;
  if (authorization === undefined && cookie === undefined && !isLocal) return false;
  try {
    authorize(
      { method: 'GET', right: 'server.read', scope: 'domain' },
      await app.identify(request, 'server.read'),
    );
    return true;
  } catch {
    return false; // a probe with a stale key still gets its plain answer
  }
}
