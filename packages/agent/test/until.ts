import { until as untilWithin } from '@sekisho/testkit/until.ts';

const UNTIL_MAX_MS = 30_000;

/** Polls until the condition holds; these tests run real programs, so they wait a little longer. */
export const until = (
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = UNTIL_MAX_MS,
): Promise<void> => untilWithin(what, holds, withinMs);
