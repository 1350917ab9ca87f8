import { MINUTE_MS, SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';

/** A policy that asks for shorter periods is heard of within this time. */
const LOOK_AT_POLICY_MS = MINUTE_MS;

/**
 * T-41 Asks for revocation lists at once, and again each time the period that the policy names by then is over, a tenth more or less. Ends
 * with the signal.
 */
export async function refreshCrls(parts: {
  readonly periodSeconds: () => number;
  readonly fetch: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { periodSeconds, fetch, clock, random, signal } = parts;
  while (!signal.aborted) {
    fetch();
    const askedMs = clock.monotonicMs();
    const share = 0.9 + 0.2 * random.fraction();
    const leftMs = (): number => askedMs + periodSeconds() * SECOND_MS * share - clock.monotonicMs();
    for (let restMs = leftMs(); restMs > 0 && !signal.aborted; restMs = leftMs())
      await clock.sleep(Math.min(restMs, LOOK_AT_POLICY_MS), signal);
  }
}
