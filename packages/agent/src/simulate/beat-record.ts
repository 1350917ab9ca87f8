/** Periods without an answer at the end: an agent that is silent for longer counts as lost. */
export const LOST_AFTER_PERIODS = 2;
/** What a period may be longer than was set: the agent's own jitter. */
const JITTER_SHARE = 0.1;

/** The answered heartbeats of one agent. Times are those of the monotonic clock. */
export interface BeatRecord {
  answered(atMs: number): void;
  /** Periods that passed without an answer, up to this moment. */
  missedUntil(nowMs: number): number;
  /** Nothing was answered within the last two periods, or ever. */
  isLost(nowMs: number): boolean;
}

/** From `startedMs` on, an answer is expected in each period. */
export function createBeatRecord(startedMs: number, periodMs: number): BeatRecord {
  let lastMs = startedMs;
  let answers = 0;
  let missed = 0;
  /** A gap of one period, with its jitter, is one heartbeat; each further period in it is one that was missed. */
  const gaps = (nowMs: number): number => Math.max(0, Math.round((nowMs - lastMs) / periodMs) - 1);
  return {
    answered(atMs) {
      missed += gaps(atMs);
      lastMs = atMs;
      answers += 1;
    },
    missedUntil: (nowMs) => missed + gaps(nowMs),
    isLost: (nowMs) => answers === 0 || nowMs - lastMs > LOST_AFTER_PERIODS * periodMs * (1 + JITTER_SHARE),
  };
}
