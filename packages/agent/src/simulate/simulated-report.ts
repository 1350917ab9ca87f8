import type { HostId } from '@sekisho/core/ids.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS, type Random } from '@sekisho/core/time.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { nothingDone, type JobReport } from '@sekisho/core/wire/jobs.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';

/** Runs that are further back than this are not believed by the server. */
const BACK_MAX_MINUTES = (6 * DAY_MS) / MINUTE_MS;
const RUN_MAX_MS = 45 * SECOND_MS;
const FILES_MAX = 5_000;
const FILE_BYTES_MEAN = 40_000;

/**
 * The report of a scheduled run that nobody ran: each of a host has a minute of its own, going back from now, as the server
 * takes one report for each scheduled time. It names no recovery point. Undefined: the plan has no schedule, or the minutes are used up.
 */
export function simulatedReport(
  plan: PolicyPlan,
  run: { readonly hostId: HostId; readonly nth: number; readonly nowMs: number; readonly random: Random },
): JobReport | undefined {
  const { hostId, nth, nowMs, random } = run;
  const [schedule] = plan.schedules;
  if (schedule === undefined || nth >= BACK_MAX_MINUTES) return undefined;
  const scheduledAtMs = (Math.floor(nowMs / MINUTE_MS) - nth) * MINUTE_MS;
  const filesDone = Math.floor(random.fraction() * FILES_MAX);
  const bytesDone = filesDone * FILE_BYTES_MEAN;
  return {
    ...nothingDone(),
    jobId: scheduledJobId(plan.planId, hostId, schedule.name, scheduledAtMs, 1),
    kind: 'backup',
    trigger: 'schedule',
    planId: plan.planId,
    planRevision: plan.revision,
    scheduleName: schedule.name,
    scheduledAtMs,
    attempt: 1,
    state: 'done',
    startedAtMs: scheduledAtMs,
    endedAtMs: scheduledAtMs + Math.floor(random.fraction() * RUN_MAX_MS),
    repository: null,
    mediaHostId: null,
    filesDone,
    bytesDone,
    bytesAdded: Math.floor(bytesDone / 10),
  };
}
