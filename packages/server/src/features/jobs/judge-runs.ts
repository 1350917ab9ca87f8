import { refuse } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { runsToJudge } from '@sekisho/core/rules/missed.ts';
import type { ScheduledRun } from '@sekisho/core/rules/schedule.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetHost } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { coveredHosts, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { findUnverified, type UnverifiedHost } from './check-verification.ts';
import { announceEnd, endJob, judged } from './end-job.ts';
import { insertJob, selectJob, selectKnownRuns, type KnownRun, type NewJob } from './jobs.store.ts';
import { FIRST_ATTEMPT } from './run-plan.ts';

/** Counter row that holds up to which moment (epoch ms) expectations were judged. */
const JUDGED_COUNTER = 'expectations.judged-until-ms';

/**
 * P-12 Judges the scheduled runs whose window has closed since the last pass: those without a job are recorded as missed.
 * How far it came is written in the same transaction, so no run is judged twice or left out, whatever happens in between.
 * Returns how many were missed. `fence` stands in the transaction: it throws when this worker lost the duty.
 */
export async function judgeRuns(context: FleetContext, fence: (tx: Tx) => Promise<void>): Promise<number> {
  return context.store.transaction(async (tx) => {
    await fence(tx);
    const nowMs = context.clock.nowMs();
    const judgedUntilMs = await readJudgedUntil(tx);
    if (judgedUntilMs > nowMs) return 0; // the clock went back: what was judged stays judged
    const tree = await readGroupTree(tx);
    const heldOf = (host: FleetHost) => findUnverified(context, tree, host);
    let missed = 0;
    for (const plan of await listStoredPlans(tx)) {
      if (plan.spec.schedules.length === 0) continue;
      const hosts = await coveredHosts(tx, plan.spec, tree);
      missed += await judgePlan(tx, plan, { hosts, heldOf, judgedUntilMs, nowMs });
    }
    await writeJudgedUntil(tx, nowMs);
    return missed;
  });
}

async function judgePlan(
  tx: Tx,
  plan: StoredPlan,
  facts: {
    readonly hosts: readonly FleetHost[];
    readonly heldOf: HeldOf;
    readonly judgedUntilMs: number;
    readonly nowMs: number;
  },
): Promise<number> {
  const { hosts, heldOf, judgedUntilMs, nowMs } = facts;
  const runs = runsToJudge({
    schedules: plan.spec.schedules,
    sinceMs: plan.enabledSinceMs,
    judgedUntilMs,
    nowMs,
  });
  if (runs.length === 0) return 0;
  const times = runs.map((run) => run.scheduledAtMs);
  const known = await selectKnownRuns(tx, plan.id, Math.min(...times), Math.max(...times));
  let missed = 0;
  if (plan.spec.application !== null)
    return judgeApplication(tx, plan, { hosts, heldOf, runs, known, nowMs });
  const done = new Set(known.map(runKey));
  for (const host of hosts) {
    for (const run of runs) {
      if (run.scheduledAtMs <= host.createdAtMs) continue;
      if (done.has(runKey({ ...run, hostId: host.id }))) continue;
      if (await insertMissed(tx, plan, { host, heldOf }, run, nowMs)) missed += 1;
    }
  }
  return missed;
}

/** F-20 Of a host whose reports wait because it does not verify its server. */
type HeldOf = (host: FleetHost) => UnverifiedHost | undefined;

const runKey = (run: { hostId: HostId } & ScheduledRun): string =>
  `${run.hostId} ${run.scheduleName} ${run.scheduledAtMs}`;

/**
 * T-34 What is expected of an application is a run of its virtual name: missed once, and only when no node ran it. The missed run stands
 * with the first node that said nothing (it may be the one that should have run, and is down), else with the first one.
 */
async function judgeApplication(
  tx: Tx,
  plan: StoredPlan,
  facts: {
    hosts: readonly FleetHost[];
    heldOf: HeldOf;
    runs: readonly ScheduledRun[];
    known: readonly KnownRun[];
    nowMs: number;
  },
): Promise<number> {
  let missed = 0;
  for (const run of facts.runs) {
    const hosts = facts.hosts.filter((host) => run.scheduledAtMs > host.createdAtMs);
    const known = facts.known.filter(
      (one) => one.scheduleName === run.scheduleName && one.scheduledAtMs === run.scheduledAtMs,
    );
    if (hosts.length === 0 || known.some((one) => one.state !== 'skipped')) continue;
    const silent = hosts.find((host) => !known.some((one) => one.hostId === host.id));
    if (silent !== undefined) {
      if (await insertMissed(tx, plan, { host: silent, heldOf: facts.heldOf }, run, facts.nowMs)) missed += 1;
      continue;
    }
    const [first] = known;
    const job = first === undefined ? undefined : await selectJob(tx, first.jobId);
    if (job === undefined) continue;
    await endJob(tx, job, judged(job, 'missed', facts.nowMs), facts.nowMs);
    missed += 1;
  }
  return missed;
}

async function insertMissed(
  tx: Tx,
  plan: StoredPlan,
  { host, heldOf }: { readonly host: FleetHost; readonly heldOf: HeldOf },
  run: ScheduledRun,
  nowMs: number,
): Promise<boolean> {
  const hostId = host.id;
  const expected = {
    id: scheduledJobId(plan.id, hostId, run.scheduleName, run.scheduledAtMs, FIRST_ATTEMPT),
    kind: 'backup' as const,
    hostId,
    planId: plan.id,
    trigger: 'schedule' as const,
    scheduleName: run.scheduleName,
    scheduledAtMs: run.scheduledAtMs,
    attempt: FIRST_ATTEMPT,
    retryOf: null,
    act: null,
    orderExpiresAtMs: null,
    cancelAskedAtMs: null,
    createdAtMs: nowMs,
    createdBy: 'schedule',
    startedAtMs: null,
    endedAtMs: nowMs,
    repository: null,
  };
  // F-20: perhaps it ran, and its report waits; then that report corrects this
  const held = heldOf(host);
  const why = held === undefined ? undefined : refuse('RUN_REPORT_HELD', { ...held });
  const verdict = judged(expected, 'missed', nowMs, why);
  const job: NewJob = { ...expected, state: 'missed', verdict };
  if (!(await insertJob(tx, job))) return false;
  await announceEnd(tx, job, verdict, nowMs, false);
  return true;
}

async function readJudgedUntil(tx: Tx): Promise<number> {
  const row = await tx
    .selectFrom('counters')
    .select('value')
    .where('name', '=', JUDGED_COUNTER)
    .executeTakeFirst();
  return row?.value ?? 0;
}

async function writeJudgedUntil(tx: Tx, value: number): Promise<void> {
  await tx
    .insertInto('counters')
    .values({ name: JUDGED_COUNTER, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
