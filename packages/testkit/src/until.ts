import { eventually } from './eventually.ts';

const UNTIL_MAX_MS = 20_000;

/** Polls until the condition holds; fails with what was waited for when it never does. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = UNTIL_MAX_MS,
): Promise<void> {
  await eventually(what, async () => ((await holds()) ? true : undefined), withinMs);
}
