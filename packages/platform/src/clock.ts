import type { Clock, Random } from '@sekisho/core/time.ts';
import { randomBytes, randomFillSync, randomUUID } from 'node:crypto';

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

/** Random bytes that are drawn at once: a draw costs much more than its bytes do. */
const POOL_BYTES = 4_096;
/** What is longer is drawn by itself. */
const POOLED_BYTES_MAX = 64;
const pool = Buffer.alloc(POOL_BYTES);
let poolUsed = POOL_BYTES;

/** Each byte of the pool is given once, and wiped as it is given. */
function drawBytes(length: number): Uint8Array {
  if (length > POOLED_BYTES_MAX) return randomBytes(length);
  if (poolUsed + length > POOL_BYTES) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const drawn = new Uint8Array(pool.subarray(poolUsed, poolUsed + length));
  pool.fill(0, poolUsed, (poolUsed += length));
  return drawn;
}

/** The machine's randomness. */
export const systemRandom: Random = {
  bytes: drawBytes,
  uuid: () => randomUUID(),
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
