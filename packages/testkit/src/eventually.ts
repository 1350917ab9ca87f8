import { setTimeout as delay } from 'node:timers/promises';

/** How long a test waits for what must come, before it fails with its own words. */
export const EVENTUALLY_MS = 60_000;
const POLL_MS = 25;

/** Asks again and again until the answer is defined; fails with the given words when it never is. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  withinMs = EVENTUALLY_MS,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endMs) throw new Error(`it never came true that ${what}`);
    await delay(POLL_MS);
  }
}
