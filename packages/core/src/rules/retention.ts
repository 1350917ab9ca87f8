import { DAY_MS, HOUR_MS } from '../time.ts';
import { FORGET_PER_RUN_MAX } from '../limits.ts';
import type { SnapshotId } from '../ids.ts';
import type { Retention } from '../wire/plans.ts';
import { removableFromMs } from './removal.ts';

/** Why a recovery point stays. */
export type KeepReason =
  | 'last'
  | 'hourly'
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'yearly'
  /** The plan keeps everything. */
  | 'everything'
  /** Made by hand outside a schedule: only an administrator removes it (P-13). */
  | 'custom'
  /** Its plan is gone, or its job is not known (yet). */
  | 'no-plan'
  /** The last one that the plan has of this host. */
  | 'only-one'
  /** Due for removal, but younger than the minimum age (P-02). */
  | 'too-young'
  /** Due for removal, but this run has its full number (P-02). */
  | 'next-run';

/** A recovery point of one repository, as retention sees it. */
export interface PointFacts {
  readonly id: SnapshotId;
  /** When the media server received it: nothing that the client says counts. */
  readonly receivedAtMs: number;
  readonly planId: string | null;
  /** Null: a custom point. */
  readonly scheduleName: string | null;
  readonly removalAsked: boolean;
}

/** What a plan keeps, and in which time zone its days begin. */
export interface PlanRetention {
  readonly retention: Retention;
  readonly timeZone: string;
}

export interface RetentionDecision {
  /** To forget now, oldest first; at most FORGET_PER_RUN_MAX, none younger than the minimum age. */
  readonly remove: readonly SnapshotId[];
  readonly keep: readonly { readonly id: SnapshotId; readonly reasons: readonly KeepReason[] }[];
}

/**
 * P-02, P-10 Which recovery points of one repository go. Each plan's points are counted by themselves, by the time at which
 * the media server received them; custom points are neither counted nor removed; the last one of a plan stays. What an
 * administrator asked to remove goes whatever retention says, and is not counted.
 */
export function decideRetention(
  points: readonly PointFacts[],
  plans: ReadonlyMap<string, PlanRetention>,
  nowMs: number,
): RetentionDecision {
  const reasons = new Map<SnapshotId, readonly KeepReason[]>();
  for (const [planId, ofPlan] of groupByPlan(points.filter((point) => !point.removalAsked))) {
    const plan = planId === null ? undefined : plans.get(planId);
    for (const [id, why] of plan === undefined ? keepAll(ofPlan, 'no-plan') : keepOfPlan(ofPlan, plan))
      reasons.set(id, why);
  }
  const remove: SnapshotId[] = [];
  const keep: { id: SnapshotId; reasons: readonly KeepReason[] }[] = [];
  for (const point of oldestFirst(points)) {
    const why = reasons.get(point.id);
    if (why !== undefined) keep.push({ id: point.id, reasons: why });
    else if (nowMs < removableFromMs(point.receivedAtMs)) keep.push({ id: point.id, reasons: ['too-young'] });
    else if (remove.length >= FORGET_PER_RUN_MAX) keep.push({ id: point.id, reasons: ['next-run'] });
    else remove.push(point.id);
  }
  return { remove, keep };
}

type Kept = [SnapshotId, readonly KeepReason[]][];

const keepAll = (points: readonly PointFacts[], reason: KeepReason): Kept =>
  points.map((point) => [point.id, [reason]]);

/** The reasons to keep points of one plan; what has none is missing in the reply. */
function keepOfPlan(points: readonly PointFacts[], plan: PlanRetention): Kept {
  const custom = points.filter((point) => point.scheduleName === null);
  const counted = points.filter((point) => point.scheduleName !== null);
  if (Object.values(plan.retention).every((count) => count === 0))
    return [...keepAll(custom, 'custom'), ...keepAll(counted, 'everything')];
  const kept = countBack(counted, plan);
  const newest = oldestFirst(counted).at(-1);
  if (newest !== undefined && !kept.some(([id]) => id === newest.id)) kept.push([newest.id, ['only-one']]);
  return [...keepAll(custom, 'custom'), ...kept];
}

/** From the newest back: a point is kept for each period that it is the newest of, while that period's number lasts. */
function countBack(points: readonly PointFacts[], { retention, timeZone }: PlanRetention): Kept {
  const calendar = calendarOf(timeZone);
  const left = { ...retention };
  const seen = new Map<keyof Retention, string>();
  const kept: Kept = [];
  for (const point of oldestFirst(points).reverse()) {
    const reasons: KeepReason[] = [];
    const periods = calendar(point.receivedAtMs);
    for (const period of PERIODS) {
      if (left[period] === 0) continue;
      const key = period === 'last' ? point.id : periods[period];
      if (seen.get(period) === key) continue;
      seen.set(period, key);
      left[period] -= 1;
      reasons.push(period);
    }
    if (reasons.length > 0) kept.push([point.id, reasons]);
  }
  return kept;
}

const PERIODS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** Names of the hour, day, ISO week, month and year in which a moment lies, in a time zone. */
function calendarOf(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (atMs: number): Record<'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', string> => {
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const { year = '', month = '', day = '' } = parts;
    return {
      // Hours of UTC: an hour that a clock change repeats is two.
      hourly: String(Math.floor(atMs / HOUR_MS)),
      daily: `${year}-${month}-${day}`,
      weekly: isoWeek(Number(year), Number(month), Number(day)),
      monthly: `${year}-${month}`,
      yearly: year,
    };
  };
}

/** The ISO 8601 week (Monday first) of a calendar day, as its Monday. */
function isoWeek(year: number, month: number, day: number): string {
  const atMs = Date.UTC(year, month - 1, day);
  const sinceMonday = (new Date(atMs).getUTCDay() + 6) % 7;
  return new Date(atMs - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

const oldestFirst = (points: readonly PointFacts[]): PointFacts[] =>
  [...points].sort((a, b) => a.receivedAtMs - b.receivedAtMs || (a.id < b.id ? -1 : 1));

function groupByPlan(points: readonly PointFacts[]): Map<string | null, PointFacts[]> {
  const groups = new Map<string | null, PointFacts[]>();
  for (const point of points) {
    const group = groups.get(point.planId);
    if (group === undefined) groups.set(point.planId, [point]);
    else group.push(point);
  }
  return groups;
}
