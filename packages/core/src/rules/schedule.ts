import { Cron } from 'croner';
import { refuse, type Refusal } from '../errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import type { Schedule } from '../wire/plans.ts';

/** Missed runs of one schedule that are named one by one; what is older is only counted by the server's expectation. */
export const MISSED_RUNS_MAX = 50;
/** How far back an agent looks for runs it missed: the longest window a schedule can have. */
export const MISSED_LOOK_BACK_MS = 7 * DAY_MS;

/** Attempts of one scheduled run that an agent may make by itself, the first included. */
export const RUN_ATTEMPTS_MAX = 3;

/** One run of one schedule: with plan and host it gives the job ID, so it must never vary. */
export interface ScheduledRun {
  readonly scheduleName: string;
  readonly scheduledAtMs: number;
}

/** What a schedule's cron and time zone say, without its window. */
export type Timetable = Pick<Schedule, 'cron' | 'timeZone'>;

/**
 * May this schedule be saved? Five cron fields (numbers, `*`, lists, ranges, steps, names of months and days), a time zone
 * of the IANA database, and a time that exists: SCHEDULE_CRON_INVALID, SCHEDULE_TIME_ZONE_UNKNOWN, SCHEDULE_NEVER_RUNS.
 */
export function parseSchedule(timetable: Timetable): { allow: true } | Refusal {
  const { cron, timeZone } = timetable;
  if (!isTimeZone(timeZone)) return refuse('SCHEDULE_TIME_ZONE_UNKNOWN', { timeZone });
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every((field) => CRON_FIELD.test(field)))
    return refuse('SCHEDULE_CRON_INVALID', { cron });
  try {
    const first = compile(timetable).nextRun(new Date(NEVER_REFERENCE_MS));
    return first === null ? refuse('SCHEDULE_NEVER_RUNS', { cron }) : { allow: true };
  } catch {
    return refuse('SCHEDULE_CRON_INVALID', { cron });
  }
}

/**
 * The first run strictly after a moment (epoch ms), or undefined when there is none. A wall time that daylight saving skips
 * runs once, when the clocks have jumped; one that is repeated runs once, at its first pass (a cron with `*` hours goes on
 * with real time). Throws on a schedule that `parseSchedule` refuses.
 */
export function nextRunMs(timetable: Timetable, afterMs: number): number | undefined {
  return compile(timetable).nextRun(new Date(afterMs))?.getTime();
}

/** The runs in (fromMs, toMs], oldest first, at most `max`. */
export function runsBetween(timetable: Timetable, fromMs: number, toMs: number, max: number): number[] {
  const cron = compile(timetable);
  const runs: number[] = [];
  for (let atMs = fromMs; runs.length < max;) {
    const next = cron.nextRun(new Date(atMs));
    if (next === null || next.getTime() > toMs) break;
    atMs = next.getTime();
    runs.push(atMs);
  }
  return runs;
}

/** The newest runs in (fromMs, toMs], oldest first, at most `max`: cheap for any distance between the two. */
export function latestRuns(timetable: Timetable, fromMs: number, toMs: number, max: number): number[] {
  // A window holds at most eight times what was too little in the one before, and an hour holds sixty.
  for (let windowMs = HOUR_MS; ; windowMs *= 8) {
    const startMs = Math.max(fromMs, toMs - windowMs);
    const runs = runsBetween(timetable, startMs, toMs, 8 * (max + 60));
    if (runs.length >= max || startMs === fromMs) return runs.slice(-max);
  }
}

export interface DueFacts {
  /** Each with the moment up to which its runs were already decided (started, or reported missed). */
  readonly schedules: readonly { readonly schedule: Schedule; readonly decidedUntilMs: number }[];
  readonly nowMs: number;
}
export interface DueRuns {
  /** At most one of each schedule: the latest, when its window is still open. */
  readonly start: readonly ScheduledRun[];
  /** Runs that were passed over, oldest first. */
  readonly missed: readonly ScheduledRun[];
  /** To be kept on disk together with the decision: it never goes down, so a clock set back runs nothing twice. */
  readonly decidedUntilMs: Readonly<Record<string, number>>;
}

/**
 * Which runs start now, and which were missed while the agent was down: of the runs since the last decision only the latest
 * starts, if no more than `startWithinMinutes` late; all others are missed.
 */
export function dueRuns({ schedules, nowMs }: DueFacts): DueRuns {
  const start: ScheduledRun[] = [];
  const missed: ScheduledRun[] = [];
  const decided: Record<string, number> = {};
  for (const { schedule, decidedUntilMs } of schedules) {
    decided[schedule.name] = Math.max(decidedUntilMs, nowMs);
    if (nowMs <= decidedUntilMs) continue;
    const fromMs = Math.max(decidedUntilMs, nowMs - MISSED_LOOK_BACK_MS);
    const runs = latestRuns(schedule, fromMs, nowMs, MISSED_RUNS_MAX + 1);
    const latest = runs.at(-1);
    for (const scheduledAtMs of runs) {
      const run = { scheduleName: schedule.name, scheduledAtMs };
      if (scheduledAtMs === latest && isWindowOpen(schedule, scheduledAtMs, nowMs)) start.push(run);
      else missed.push(run);
    }
  }
  return { start, missed, decidedUntilMs: decided };
}

/** May the run of that time still start? */
export const isWindowOpen = (
  schedule: Pick<Schedule, 'startWithinMinutes'>,
  scheduledAtMs: number,
  nowMs: number,
): boolean => nowMs - scheduledAtMs <= schedule.startWithinMinutes * MINUTE_MS;

/** One item of a list: `*`, a value or a range (of numbers or names), with an optional step. No seconds, years, L, W, #, ?. */
const NAME = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)';
const ITEM = `(?:\\*|(?:\\d{1,2}|${NAME})(?:-(?:\\d{1,2}|${NAME}))?)(?:/\\d{1,2})?`;
const CRON_FIELD = new RegExp(`^${ITEM}(?:,${ITEM})*$`, 'i');
const TIME_ZONE = /^[A-Za-z]+[A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;
/** 2025-01-01T00:00:00Z: whether a cron ever runs does not depend on today. */
const NEVER_REFERENCE_MS = 1_735_689_600_000;
/** `paused`: no timer is ever made; croner only computes. */
const compile = ({ cron, timeZone }: Timetable): Cron =>
  new Cron(cron.trim(), { timezone: timeZone, paused: true, mode: '5-part' });

function isTimeZone(raw: string): boolean {
  if (!TIME_ZONE.test(raw)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: raw });
    return true;
  } catch {
    return false;
  }
}
