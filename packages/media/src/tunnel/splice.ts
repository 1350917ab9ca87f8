import type { Clock } from '@sekisho/core/time.ts';
import type { Duplex } from 'node:stream';

export interface SpliceLimits {
  /** Each way; none for those who are known. */
  readonly bytesMax?: number | undefined;
  readonly idleMs: number;
  readonly lifetimeMs?: number | undefined;
}

/**
 * Joins two streams: what comes in at one goes out at the other, no faster than it is taken there. An end is passed on and the other
 * way goes on; an error, a limit, or the result of this call ends both. Nothing that passes is looked at.
 */
export function splice(
  streams: readonly [Duplex, Duplex],
  limits: SpliceLimits,
  parts: { readonly clock: Clock; readonly onEnd: (why: string) => void },
): (why: string) => void {
  const { clock } = parts;
  let movedMs = clock.monotonicMs();
  let ended = false;
  let cancelIdle: () => void = () => undefined;
  const cancelLifetime =
    limits.lifetimeMs === undefined
      ? undefined
      : clock.timer(limits.lifetimeMs, () => {
          end('lifetime');
        });

  function end(why: string): void {
    if (ended) return;
    ended = true;
    cancelIdle();
    cancelLifetime?.();
    for (const stream of streams) stream.destroy();
    parts.onEnd(why);
  }

  function watch(idleMs: number): void {
    cancelIdle = clock.timer(idleMs, () => {
      const restMs = movedMs + limits.idleMs - clock.monotonicMs();
      if (restMs <= 0) end('idle');
      else watch(restMs);
    });
  }

  function carry(from: Duplex, to: Duplex): void {
    let bytes = 0;
    from.on('data', (chunk: Buffer) => {
      movedMs = clock.monotonicMs();
      bytes += chunk.byteLength;
      if (limits.bytesMax !== undefined && bytes > limits.bytesMax) end('bytes');
      else if (to.writable && !to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => {
      to.end();
    });
    from.on('error', () => {
      end('error');
    });
    from.on('close', () => {
      // what it sent before its end is delivered first
      if (from.readableEnded && !to.writableFinished && !to.destroyed)
        to.once('finish', () => {
          end('closed');
        });
      else end('closed');
    });
  }

  const [a, b] = streams;
  watch(limits.idleMs);
  carry(a, b);
  carry(b, a);
  for (const stream of streams) stream.resume();
  if (a.destroyed || b.destroyed) end('closed');
  return end;
}
