import { AppError, refuse, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId, JobId, PlanId } from '@sekisho/core/ids.ts';
import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import type { Tx } from '../../store/tables.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { findHosts, type FleetHost } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { coveredHosts, getStoredPlan, type StoredPlan } from '../plans/read-plans.ts';
import { ensureRepositories } from '../repositories/ensure-repositories.ts';
import { certificateRefusals } from './check-certificates.ts';
import { verificationRefusals } from './check-verification.ts';
import { createJob, createRefusedJob, type JobOrder } from './create-job.ts';

/** The first attempt of a run; a retry is the second. */
export const FIRST_ATTEMPT = 1;

/**
 * P-13 Starts a plan by hand on some of its hosts, or on all: as one of its schedules (then the point counts in retention)
 * or as a custom run. A host or media server without a valid certificate (P-16), or a host that takes no order (F-20), refuses
 * the whole call when the host was named; when all hosts were meant, that host's job has failed at once and says why. Only hosts
 * within the reach are run: a plan that covers none of them is not there, one that covers others too must be asked for host by
 * host.
 * @throws AppError NOT_FOUND, PLAN_RUN_BEYOND_GROUPS, PLAN_SCHEDULE_UNKNOWN, PLAN_HOST_NOT_COVERED, PLAN_HAS_NO_HOSTS, JOB_HOST_…
 */
export async function runPlan(
  context: FleetContext,
  actor: Actor,
  input: {
    readonly planId: PlanId;
    readonly hosts: readonly HostId[] | null;
    readonly scheduleName: string | null;
    /** How far the right `job.run` of who asks goes; absent: the whole domain. */
    readonly reach?: Reach;
  },
): Promise<JobId[]> {
  return context.store.transaction(async (tx) => {
    const plan = await getStoredPlan(tx, input.planId);
    const hosts = await chosenHosts(tx, plan, input.hosts, input.reach ?? 'domain');
    requireSchedule(plan, input.scheduleName);
    const refusals = await refusalsOf(context, tx, plan, hosts);
    const [first] = refusals.values();
    if (input.hosts !== null && first !== undefined) throw new AppError(first.code, first.params);
    const able = hosts.filter((host) => !refusals.has(host.id));
    await ensureRepositories(context, tx, able, plan.spec.mediaServers);
    const ids: JobId[] = [];
    for (const host of hosts) {
      const order = backupOrder(plan, host, input.scheduleName);
      const refusal = refusals.get(host.id);
      ids.push(
        refusal === undefined
          ? await createJob(context, tx, actor, order)
          : await createRefusedJob(context, tx, actor, order, refusal),
      );
    }
    return ids;
  });
}

/** The order of a backup of one host by a plan. */
export const backupOrder = (
  plan: StoredPlan,
  host: FleetHost,
  scheduleName: string | null,
  retry?: { of: JobId; attempt: number },
): JobOrder => {
  const attempt = retry?.attempt ?? FIRST_ATTEMPT;
  return {
    hostId: host.id,
    hostName: host.name,
    trigger: retry === undefined ? 'manual' : 'retry',
    act: { what: 'backup', planId: plan.id, scheduleName, attempt },
    planId: plan.id,
    scheduleName,
    attempt,
    retryOf: retry?.of ?? null,
    repository: null,
  };
};

/**
 * P-16, F-20 Hosts of a plan that cannot be backed up now, each with its refusal. Of the media servers one that is valid is
 * enough: the other is its fallback.
 */
export async function refusalsOf(
  context: FleetContext,
  tx: Tx,
  plan: StoredPlan,
  hosts: readonly FleetHost[],
): Promise<Map<HostId, Refusal>> {
  const nowMs = context.clock.nowMs();
  const media = await findHosts(tx, plan.spec.mediaServers);
  const refusedMedia = await certificateRefusals(tx, media, nowMs);
  for (const host of media)
    if (host.media === null)
      refusedMedia.set(host.id, refuse('PLAN_MEDIA_ROLE_MISSING', { host: host.name }));
  const [mediaRefusal] = refusedMedia.values();
  if (mediaRefusal !== undefined && refusedMedia.size === media.length)
    return new Map(hosts.map((host) => [host.id, mediaRefusal]));
  // a media server that does not verify stores all the same: it is ordered nothing
  const unverified = await verificationRefusals(context, tx, hosts);
  return new Map([...unverified, ...(await certificateRefusals(tx, hosts, nowMs))]);
}

function requireSchedule(plan: StoredPlan, name: string | null): void {
  if (name === null || plan.spec.schedules.some((schedule) => schedule.name === name)) return;
  throw new AppError('PLAN_SCHEDULE_UNKNOWN', { plan: plan.spec.name, name });
}

async function chosenHosts(
  tx: Tx,
  plan: StoredPlan,
  wanted: readonly HostId[] | null,
  reach: Reach,
): Promise<FleetHost[]> {
  const all = await coveredHosts(tx, plan.spec, await readGroupTree(tx));
  const covered = all.filter((host) => reaches(reach, host.groupId));
  if (covered.length === 0 && reach !== 'domain')
    throw new AppError('NOT_FOUND', { what: 'plan', id: plan.id });
  if (covered.length === 0) throw new AppError('PLAN_HAS_NO_HOSTS', { plan: plan.spec.name });
  if (wanted === null && covered.length < all.length)
    throw new AppError('PLAN_RUN_BEYOND_GROUPS', { plan: plan.spec.name, planId: plan.id });
  if (wanted === null) return covered;
  return [...new Set(wanted)].map((id) => {
    const host = covered.find((one) => one.id === id);
    if (host === undefined) throw new AppError('PLAN_HOST_NOT_COVERED', { plan: plan.spec.name, host: id });
    return host;
  });
}
