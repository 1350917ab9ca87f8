import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { enrolHost, makeEnrolRequest, type EnrolTarget, type SimulatedHost } from './enrol-host.ts';

/** Requests that are under way at once: below what a server grants one address in unverified connections. */
const CONCURRENT_MAX = 32;
/** A host is tried so often while the server is away or asks to wait. */
const TRIES_MAX = 6;
const RETRY_FIRST_MS = SECOND_MS;
/** Who is told to wait for longer has been locked out, and is not waited for. */
const RETRY_MAX_MS = 90 * SECOND_MS;

/**
 * Enrols hosts side by side, at most so many a second. A server that is away or asks to wait (RATE_LIMITED) is asked again; a
 * token that is refused ends it, as it would be refused for all others too.
 */
export async function enrolHosts(
  target: EnrolTarget,
  wish: {
    readonly names: readonly string[];
    readonly localAddress: (index: number) => string | undefined;
    readonly perSecondMax: number | undefined;
    readonly signal: AbortSignal;
    readonly failed: (error: AppError) => void;
    readonly enrolled: (host: SimulatedHost, index: number) => void;
  },
): Promise<void> {
  const { clock } = target;
  const startedMs = clock.monotonicMs();
  let next = 0;
  let triesMax = TRIES_MAX;
  let refused = false;

  async function enrolOne(index: number, name: string): Promise<void> {
    const request = await makeEnrolRequest(name, wish.localAddress(index));
    for (let tried = 1; !wish.signal.aborted; tried += 1) {
      try {
        wish.enrolled(await enrolHost(target, request), index);
        triesMax = TRIES_MAX;
        return;
      } catch (error) {
        const refusal = error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error });
        wish.failed(refusal);
        if (refusal.code.startsWith('TOKEN_')) refused = true;
        const waitMs = retryMs(refusal, tried);
        if (waitMs === undefined) return;
        if (tried >= triesMax) {
          // the server is away: whoever comes next finds out at once
          triesMax = 1;
          return;
        }
        await clock.sleep(waitMs, wish.signal);
      }
    }
  }

  async function work(): Promise<void> {
    for (;;) {
      const index = next;
      const name = wish.names[index];
      if (name === undefined || refused || wish.signal.aborted) return;
      next += 1;
      if (wish.perSecondMax !== undefined) {
        const dueMs = startedMs + (index * SECOND_MS) / wish.perSecondMax;
        await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), wish.signal);
      }
      await enrolOne(index, name);
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_MAX, wish.names.length) }, work));
}

/** How long to wait before the same request is sent again; undefined: it would be refused again. */
function retryMs(refusal: AppError, tried: number): number | undefined {
  if (refusal.code === 'RATE_LIMITED') {
    const waitMs = Number(refusal.params['retrySeconds'] ?? 0) * SECOND_MS;
    return waitMs > RETRY_MAX_MS ? undefined : waitMs;
  }
  if (refusal.code !== 'SERVER_UNREACHABLE' && refusal.status < 500) return undefined;
  return Math.min(MINUTE_MS, RETRY_FIRST_MS * 2 ** (tried - 1));
}
