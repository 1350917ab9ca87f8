import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { latestRuns, MISSED_LOOK_BACK_MS, RUN_ATTEMPTS_MAX } from '@sekisho/core/rules/schedule.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { coversHost, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { insertJob, selectJob, type NewJob } from './jobs.store.ts';
import { FIRST_ATTEMPT } from './run-plan.ts';

/** Recent runs of a schedule that a job ID is compared with. */
const RUNS_COMPARED_MAX = 20;

/**
 * P-12 A host tells of a running job that the server has not heard of: its ID says which scheduled run it is. Then the job
 * gets its row, so that it is seen while it runs. True when the job is this host's and open.
 */
export async function identifyRun(context: FleetContext, hostId: HostId, jobId: JobId): Promise<boolean> {
  return context.store.transaction(async (tx) => {
    const known = await selectJob(tx, jobId);
    if (known !== undefined)
      return known.hostId === hostId && (known.state === 'active' || known.state === 'queued');
    const run = await findRun(context, tx, hostId, jobId);
    if (run === undefined) return false;
    await insertJob(tx, run);
    await recordChange(tx, 'job', jobId);
    return true;
  });
}

async function findRun(
  context: FleetContext,
  tx: Tx,
  hostId: HostId,
  jobId: JobId,
): Promise<NewJob | undefined> {
  const host = await findHost(tx, hostId);
  if (host === undefined) return undefined;
  const tree = await readGroupTree(tx);
  const nowMs = context.clock.nowMs();
  for (const plan of await listStoredPlans(tx)) {
    if (!coversHost(plan.spec, tree, host)) continue;
    const run = matchRun(plan, hostId, jobId, nowMs);
    if (run !== undefined) return runningJob(plan, hostId, jobId, run, nowMs);
  }
  return undefined;
}

interface MatchedRun {
  readonly scheduleName: string;
  readonly scheduledAtMs: number;
  readonly attempt: number;
}

function matchRun(plan: StoredPlan, hostId: HostId, jobId: JobId, nowMs: number): MatchedRun | undefined {
  for (const schedule of plan.spec.schedules) {
    for (const scheduledAtMs of latestRuns(schedule, nowMs - MISSED_LOOK_BACK_MS, nowMs, RUNS_COMPARED_MAX)) {
      for (let attempt = FIRST_ATTEMPT; attempt <= RUN_ATTEMPTS_MAX; attempt += 1) {
        if (scheduledJobId(plan.id, hostId, schedule.name, scheduledAtMs, attempt) === jobId)
          return { scheduleName: schedule.name, scheduledAtMs, attempt };
      }
    }
  }
  return undefined;
}

const runningJob = (
  plan: StoredPlan,
  hostId: HostId,
  jobId: JobId,
  run: MatchedRun,
  nowMs: number,
): NewJob => ({
  id: jobId,
  kind: 'backup',
  hostId,
  planId: plan.id,
  trigger: 'schedule',
  scheduleName: run.scheduleName,
  scheduledAtMs: run.scheduledAtMs,
  attempt: run.attempt,
  retryOf: null,
  state: 'active',
  act: null,
  orderExpiresAtMs: null,
  cancelAskedAtMs: null,
  createdAtMs: nowMs,
  createdBy: 'schedule',
  startedAtMs: nowMs,
  endedAtMs: null,
  repository: null,
  verdict: null,
});
