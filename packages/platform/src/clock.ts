import type { Clock, Random } from '@sekisho/core/time.ts';
import { randomBytes, randomUUID } from 'node:crypto';

/** The machine's clock. Timers don't keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
    }),
  timer: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** The machine's randomness. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
