import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import { LEGACY_PORT_DEFAULT } from '@sekisho/core/limits.ts';
import { isWindowOpen, latestRuns } from '@sekisho/core/rules/schedule.ts';
import { scheduledJobId } from '@sekisho/platform/job-id.ts';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { endpointsOf, findHost, findHosts } from '../fleet/read-hosts.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { findJob, openBackupsOf } from '../jobs/read-jobs.ts';
import { FIRST_ATTEMPT } from '../jobs/run-plan.ts';
import { takeOfferAnswer } from '../jobs/take-offer-answer.ts';
import { coversHost, findStoredPlan, listStoredPlans, type StoredPlan } from '../plans/read-plans.ts';
import { repositoriesOf } from '../repositories/read-repositories.ts';
import type { LegacyHostRow } from './legacy-rows.ts';

/** One line of a message of the plain protocol. */
export type LegacyLine = [string, string | number];

/** One run of a plan by a legacy host. */
interface Work {
  readonly jobId: string;
  readonly plan: StoredPlan;
  readonly scheduleName: string | null;
  readonly scheduledAtMs: number | null;
  readonly attempt: number;
  readonly trigger: string;
}

/**
 * What a legacy host is to do now: an ordered backup first, else the newest run of a schedule whose window is open. The server keeps the
 * clock for it; what was begun and never reported comes again.
 */
export async function findWork(context: ServerContext, host: LegacyHostRow): Promise<LegacyLine[]> {
  return context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const work = (await orderedWork(tx, host.hostId, nowMs)) ?? (await dueWork(tx, host.hostId, nowMs));
    if (work === undefined) return [['work', 'none']];
    const places = await placesOf(tx, host.hostId, work.plan);
    const [first] = places;
    if (first === undefined) return [['work', 'none']];
    const { spec } = work.plan;
    return [
      ['work', 'backup'],
      ['job', work.jobId],
      ['plan', work.plan.id],
      ['plan-name', spec.name],
      ['revision', work.plan.revision],
      ['attempt', work.attempt],
      ['trigger', work.trigger],
      ...(work.scheduleName === null ? [] : [line('schedule', work.scheduleName)]),
      ...(work.scheduledAtMs === null ? [] : [line('scheduled-ms', work.scheduledAtMs)]),
      ...places.map(({ repository, address, port }) => line('place', `${address} ${port} ${repository}`)),
      ...spec.paths.filter(fits).map((path) => line('path', path)),
      ...spec.excludes.filter(fits).map((pattern) => line('exclude', pattern)),
      ...(spec.bandwidthKiBps === null ? [] : [line('kib-per-second', spec.bandwidthKiBps)]),
    ];
  });
}

const line = (word: string, value: string | number): LegacyLine => [word, value];
/** A name with a line break cannot be told over the plain protocol. */
const fits = (text: string): boolean => !/[\u0000-\u001f\u007f]/.test(text);

async function orderedWork(tx: Tx, hostId: HostId, nowMs: number): Promise<Work | undefined> {
  for (const job of await openBackupsOf(tx, hostId, OPEN_JOBS_MAX)) {
    const plan = job.planId === null ? undefined : await findStoredPlan(tx, job.planId);
    if (plan === undefined || plan.deletedAtMs !== null || job.cancelAskedAtMs !== null) continue;
    if (job.state === 'queued') {
      if (job.orderExpiresAtMs !== null && nowMs >= job.orderExpiresAtMs) continue;
      const answer = { kind: 'offer', spoolId: job.id, jobId: job.id, accepted: true, code: null } as const;
      await takeOfferAnswer(tx, hostId, { ...answer, params: {}, startedAtMs: nowMs }, nowMs);
    }
    const { scheduleName, scheduledAtMs, attempt, trigger } = job;
    return { jobId: job.id, plan, scheduleName, scheduledAtMs, attempt, trigger };
  }
  return undefined;
}

const OPEN_JOBS_MAX = 10;

async function dueWork(tx: Tx, hostId: HostId, nowMs: number): Promise<Work | undefined> {
  const host = await findHost(tx, hostId);
  if (host === undefined) return undefined;
  const tree = await readGroupTree(tx);
  for (const plan of await listStoredPlans(tx)) {
    if (!coversHost(plan.spec, tree, host)) continue;
    const fromMs = Math.max(plan.enabledSinceMs, host.createdAtMs);
    for (const schedule of plan.spec.schedules) {
      const [scheduledAtMs] = latestRuns(schedule, Math.min(fromMs, nowMs), nowMs, 1);
      if (scheduledAtMs === undefined || !isWindowOpen(schedule, scheduledAtMs, nowMs)) continue;
      const jobId = scheduledJobId(plan.id, hostId, schedule.name, scheduledAtMs, FIRST_ATTEMPT);
      if ((await findJob(tx, jobId)) !== undefined) continue;
      const run = { scheduleName: schedule.name, scheduledAtMs, attempt: FIRST_ATTEMPT };
      return { jobId, plan, ...run, trigger: 'schedule' };
    }
  }
  return undefined;
}

/** Where it may back up to, the plan's first media server first: one that speaks the plain protocol on a port of its own. */
async function placesOf(
  tx: Tx,
  hostId: HostId,
  plan: StoredPlan,
): Promise<{ repository: RepositoryName; address: string; port: number }[]> {
  const own = (await repositoriesOf(tx, [hostId])).filter(({ sealedAtMs }) => sealedAtMs === null);
  const media = await findHosts(tx, plan.spec.mediaServers);
  return plan.spec.mediaServers.flatMap((id) => {
    const server = media.find((one) => one.id === id);
    const repository = own.findLast((one) => one.mediaHostId === id)?.name;
    if (repository === undefined || server === undefined || server.media === null) return [];
    const [endpoint] = endpointsOf(server);
    if (endpoint === undefined) return [];
    const port = server.isLegacy ? endpoint.port : (server.media.legacyPort ?? LEGACY_PORT_DEFAULT);
    return [{ repository, address: endpoint.address, port }];
  });
}
