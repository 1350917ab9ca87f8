import { AppError } from '@sekisho/core/errors.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyInstance } from 'fastify';
import type { Readiness } from './readiness.ts';

/** What supervisors ask goes on being answered. */
const ASKED_WHILE_DRAINING: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Requests of all listeners that are being answered. */
export class RequestsUnderWay {
  #count = 0;
  #idle: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const call of this.#idle.splice(0)) call();
  }

  /** Resolves when none is left. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }
}

/** Counts a listener's requests; while the server drains, new ones are refused and told to come back elsewhere. */
export function refuseWhileDraining(
  app: FastifyInstance,
  parts: { readiness: Readiness; underWay: RequestsUnderWay },
): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (parts.readiness.draining && !ASKED_WHILE_DRAINING.includes(request.routeOptions.url ?? '')) {
      void reply.header('connection', 'close');
      done(new AppError('SERVER_STOPPING'));
      return;
    }
    parts.underWay.begin();
    reply.raw.once('close', () => {
      parts.underWay.end();
    });
    done();
  });
}

/**
 * Lets a server come to rest before it stops: not ready, nothing new, event streams ended (they reconnect elsewhere),
 * channels closed one after the other with "service restart", tasks stopped, and what is under way answered, for so long.
 */
export async function drain(parts: {
  readonly log: Log;
  readonly readiness: Readiness;
  readonly underWay: RequestsUnderWay;
  readonly endStreams: () => void | Promise<void>;
  readonly endTasks: () => Promise<void>;
  /** Over so many milliseconds. */
  readonly endChannels: (spreadMs: number) => Promise<void>;
  readonly spreadMs: number;
  readonly graceMs: number;
}): Promise<void> {
  const { log, underWay } = parts;
  parts.readiness.drain();
  log.info({ underWay: underWay.count }, 'stopping: nothing new is begun');
  const failed = (error: unknown): void => {
    log.warn({ err: error }, 'a step of draining failed');
  };
  await Promise.all([
    Promise.resolve(parts.endStreams()).catch(failed),
    parts.endTasks().catch(failed),
    parts.endChannels(parts.spreadMs).catch(failed),
    within(parts.graceMs, underWay.idle()),
  ]);
  if (underWay.count > 0) log.warn({ underWay: underWay.count }, 'the grace is over: requests are cut off');
}

/** By the machine's own time: sockets and people wait, not the injected clock. */
async function within(graceMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
