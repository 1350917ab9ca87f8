import { AppError } from '@sekisho/core/errors.ts';
import { streamEvents } from '@sekisho/core/wire/events.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mountStream } from '../../http/mount.ts';
import type { EventStreams } from './event-streams.ts';

/** S-05 Changes as they happen. */
export function eventRoutes(app: FastifyInstance, streams: EventStreams): void {
  mountStream(app, streamEvents, async ({ query, principal, request, reply }) => {
    const after = lastEventId(request);
    streams.requireRoom(principal);
    reply.hijack();
    const out = reply.raw;
    out.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no', // proxies pass each event on at once
    });
    out.flushHeaders();
    await streams.serve({
      principal,
      topics: new Set(query.topics),
      after,
      out,
      recheck: async () => {
        request.isWatching = true;
        const identity = await app.identify(request, streamEvents.right);
        if (identity.kind !== 'principal') throw new AppError('SIGN_IN_REQUIRED');
        return identity.principal;
      },
    });
  });
}

/** Refusal: CURSOR_INVALID. */
function lastEventId(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw new AppError('CURSOR_INVALID');
  return Number(header);
}
