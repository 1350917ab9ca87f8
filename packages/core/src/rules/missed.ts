import { DAY_MS, MINUTE_MS } from '../time.ts';
import type { Schedule } from '../wire/plans.ts';
import { latestRuns, type ScheduledRun } from './schedule.ts';

/** Beyond the window in which a run may start: time for the report of a run that could not start to arrive. */
export const MISSED_GRACE_MS = 10 * MINUTE_MS;
/** What a server that was away for longer judges on its return: runs of this long back. */
export const JUDGE_BACK_MS = 35 * DAY_MS;
/** Runs of one schedule that one pass judges, the newest; the rest of a long absence is not told one by one. */
export const JUDGED_RUNS_MAX = 100;

export interface ExpectationFacts {
  readonly schedules: readonly Schedule[];
  /** Since when this plan, with these schedules, covers this host. */
  readonly sinceMs: number;
  /** Up to which moment earlier passes have judged; zero at first. */
  readonly judgedUntilMs: number;
  readonly nowMs: number;
}

/**
 * P-12 The runs whose window closed since the last pass: whichever of them has no job by now is *missed*. A run is judged
 * exactly once over passes that hand `nowMs` on as the next `judgedUntilMs`, and never before its window and the grace are
 * over.
 */
export function runsToJudge(facts: ExpectationFacts): ScheduledRun[] {
  const runs: ScheduledRun[] = [];
  for (const schedule of facts.schedules) {
    const delayMs = schedule.startWithinMinutes * MINUTE_MS + MISSED_GRACE_MS;
    const toMs = facts.nowMs - delayMs;
    const fromMs = Math.max(facts.sinceMs, facts.judgedUntilMs - delayMs, toMs - JUDGE_BACK_MS);
    if (fromMs >= toMs) continue;
    for (const scheduledAtMs of latestRuns(schedule, fromMs, toMs, JUDGED_RUNS_MAX))
      runs.push({ scheduleName: schedule.name, scheduledAtMs });
  }
  return runs;
}
