import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';

const POLL_MS = 200;

/**
 * Asks again and again until there is an answer. Refusals: DEMO_STEP_SLOW after so long, INTERRUPTED when the signal says so,
 * and whatever `check` throws.
 */
export async function waitFor<Answer>(
  clock: Clock,
  signal: AbortSignal,
  wait: { readonly step: string; readonly seconds: number; readonly folder: string },
  check: () => Promise<Answer | undefined>,
): Promise<Answer> {
  const untilMs = clock.monotonicMs() + wait.seconds * 1_000;
  for (;;) {
    if (signal.aborted) throw new AppError('INTERRUPTED');
    const answer = await check();
    if (answer !== undefined) return answer;
    if (clock.monotonicMs() > untilMs) throw new AppError('DEMO_STEP_SLOW', { ...wait });
    await clock.sleep(POLL_MS, signal);
  }
}
