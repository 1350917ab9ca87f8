import { setTimeout as realDelay } from 'node:timers/promises';
import { systemClock } from '@sekisho/platform/clock.ts';

const UNTIL_MAX_MS = 20_000;
const UNTIL_POLL_MS = 5;

/** Polls until the condition holds; rejects after 20 s of real time with what was waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + UNTIL_MAX_MS;
  while (!(await holds())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await realDelay(UNTIL_POLL_MS);
  }
}
