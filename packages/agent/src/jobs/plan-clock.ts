import type { HostId } from '@sekisho/core/ids.ts';
import { dueRuns, nextRunMs, parseSchedule, type ScheduledRun } from '@sekisho/core/rules/schedule.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { PolicyPayload, PolicyPlan } from '@sekisho/core/wire/documents.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import type { HealthBoard } from '../health.ts';
import type { JobRunner } from './job-runner.ts';
import type { JobFacts, Ledger } from './ledger.ts';

/** The number of the run that the schedule itself starts; retries count on. */
export const FIRST_ATTEMPT = 1;
/** A clock that is set or a machine that slept is noticed within this. */
const LOOK_EVERY_MS = 30 * SECOND_MS;
/** Decisions further in the future than this come from a clock that was wrong: the ledger still forbids a second run. */
const FUTURE_TOLERATED_MS = DAY_MS;

export interface PlanClock {
  /** A new policy is in force: look at once. */
  look(): void;
  stop(): Promise<void>;
}

/** Starts the runs of the signed policy's schedules when they are due (P-12); it needs no server for that. */
export function startPlanClock(options: {
  hostId: HostId;
  policy: () => PolicyPayload | undefined;
  ledger: Ledger;
  runner: JobRunner;
  health: HealthBoard;
  clock: Clock;
  log: Log;
}): PlanClock {
  const { hostId, ledger, runner, clock, log } = options;
  const stopping = new AbortController();
  let wake = new AbortController();

  const factsOf = (plan: PolicyPlan, run: ScheduledRun): JobFacts => ({
    jobId: scheduledJobId(plan.planId, hostId, run.scheduleName, run.scheduledAtMs, FIRST_ATTEMPT),
    kind: 'backup',
    trigger: 'schedule',
    planId: plan.planId,
    planRevision: plan.revision,
    scheduleName: run.scheduleName,
    scheduledAtMs: run.scheduledAtMs,
    attempt: FIRST_ATTEMPT,
    repository: null,
    mediaHostId: null,
  });

  function decidedUntilMs(plan: PolicyPlan, name: string, nowMs: number): number {
    const decided = Math.max(ledger.decidedUntilMs(plan.planId, name) ?? 0, plan.enabledSinceMs);
    return decided > nowMs + FUTURE_TOLERATED_MS ? nowMs : decided;
  }

  async function lookAt(plan: PolicyPlan, nowMs: number): Promise<void> {
    const facts = plan.schedules.map((schedule) => ({
      schedule,
      decidedUntilMs: decidedUntilMs(plan, schedule.name, nowMs),
    }));
    const due = dueRuns({ schedules: facts, nowMs });
    if (due.start.length + due.missed.length === 0) return;
    for (const run of due.missed) await runner.missed(factsOf(plan, run));
    for (const run of due.start) {
      const schedule = plan.schedules.find((one) => one.name === run.scheduleName);
      const startUntilMs = run.scheduledAtMs + (schedule?.startWithinMinutes ?? 0) * MINUTE_MS;
      await runner.schedule(factsOf(plan, run), plan, startUntilMs);
    }
    // After the ledger has each of them: a crash in between decides again, and starts none twice.
    await ledger.setDecided(plan.planId, due.decidedUntilMs);
  }

  /** How long nothing is due. */
  function quietMs(plans: readonly PolicyPlan[], nowMs: number): number {
    let quiet = LOOK_EVERY_MS;
    for (const plan of plans)
      for (const schedule of plan.schedules) {
        if (!parseSchedule(schedule).allow) continue;
        const next = nextRunMs(schedule, nowMs);
        if (next !== undefined) quiet = Math.min(quiet, next - nowMs);
      }
    return Math.max(quiet, 1);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const nowMs = clock.nowMs();
      const plans = plansOfHost(options.policy(), hostId);
      const setBack = plans.some((plan) =>
        plan.schedules.some(
          (schedule) => (ledger.decidedUntilMs(plan.planId, schedule.name) ?? 0) > nowMs + MINUTE_MS,
        ),
      );
      options.health.set('clock-set-back', setBack);
      for (const plan of plans) {
        try {
          await lookAt(plan, nowMs);
        } catch (error) {
          log.error({ err: error, planId: plan.planId }, 'the schedules of a plan could not be looked at');
        }
      }
      await clock.sleep(quietMs(plans, clock.nowMs()), AbortSignal.any([stopping.signal, wake.signal]));
    }
  }
  const running = run();

  return {
    look() {
      wake.abort();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** The plans of a policy that cover this host. */
export const plansOfHost = (policy: PolicyPayload | undefined, hostId: HostId): PolicyPlan[] =>
  (policy?.plans ?? []).filter((plan) => plan.hostIds === null || plan.hostIds.includes(hostId));
