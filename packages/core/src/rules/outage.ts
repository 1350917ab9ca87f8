import { SECOND_MS } from '../time.ts';

/** Looks at an update that are further apart than this had nobody between them who served. */
const WATCH_GAP_MS = 5 * SECOND_MS;

/** A look at an update, by the clock that can be set and by the one that cannot. */
export interface Look {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/**
 * By how much the clock of the machine was set back since the last look, zero or less: what an update remembers of its phase goes back with
 * it, or its gates would wait until the clock has caught up. `before`: this process's own last look, null at its first; `watchedAtMs`: the
 * last look of any.
 */
export function clockSetBackMs(before: Look | null, watchedAtMs: number, now: Look): number {
  const isOwn = before !== null && Math.abs(before.nowMs - watchedAtMs) <= WATCH_GAP_MS;
  const passedMs = isOwn ? now.monotonicMs - before.monotonicMs : 0;
  const setMs = Math.round(now.nowMs - passedMs - (isOwn ? before.nowMs : watchedAtMs));
  return setMs < -WATCH_GAP_MS ? setMs : 0;
}

/**
 * How long nobody served before this look at an update. `watchedAtMs`: when some server process looked last; `ownPauseMs`: since this one's
 * last look by its own monotonic clock, null at its first. Zero: somebody did, or the clock was set.
 */
export function outageMs(watchedAtMs: number, ownPauseMs: number | null, nowMs: number): number {
  // a monotonic clock has fractions, a row has none
  const gapMs = Math.ceil(Math.min(nowMs - watchedAtMs, ownPauseMs ?? Infinity));
  return gapMs > WATCH_GAP_MS ? gapMs : 0;
}
