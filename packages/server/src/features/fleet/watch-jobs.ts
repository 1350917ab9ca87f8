import type { HostId } from '@sekisho/core/ids.ts';
import { isOnline } from '@sekisho/core/rules/host-state.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { Fence } from '../../loops/loop.ts';
import { giveUpJob } from '../jobs/give-up-jobs.ts';
import type { OpenJob, OpenWork } from '../jobs/open-work.ts';
import type { ProgressBoard } from '../jobs/progress-board.ts';
import type { FleetContext } from './fleet-context.ts';
import type { FleetIndex } from './fleet-index.ts';

/** What is known of open jobs and of the hosts that run them. */
export interface WatchParts {
  readonly work: OpenWork;
  readonly board: ProgressBoard;
  readonly index: FleetIndex;
  /** F-02: how often a host is to be heard, in seconds. */
  readonly periodOf: (hostId: HostId) => number;
}

/** P-12 Ends the jobs whose order ran out before their host answered. Returns how many. */
export async function expireOrders(context: FleetContext, work: OpenWork, fence: Fence): Promise<number> {
  const nowMs = context.clock.nowMs();
  let ended = 0;
  for (const job of [...work.all()]) {
    if (job.state !== 'queued' || job.orderExpiresAtMs === null || nowMs < job.orderExpiresAtMs) continue;
    if (await giveUpJob(context, job.id, { what: 'expired' }, fence)) ended += 1;
  }
  return ended;
}

/**
 * P-12 Ends active jobs of hosts that this process hears and that show no sign of them: the agent was started again since,
 * its spool is empty and nothing was heard for minutes; or nothing was heard for a day at all. Returns how many.
 */
export async function giveUpLostJobs(context: FleetContext, parts: WatchParts): Promise<number> {
  let ended = 0;
  for (const job of [...parts.work.all()]) {
    if (job.state !== 'active' || !isLost(context, job, parts)) continue;
    context.log.warn({ jobId: job.id, hostId: job.hostId }, 'the host shows no sign of this job');
    if (await giveUpJob(context, job.id, { what: 'lost' }, () => Promise.resolve())) ended += 1;
  }
  return ended;
}

function isLost(
  { clock, settings }: FleetContext,
  job: OpenJob,
  { board, index, periodOf }: WatchParts,
): boolean {
  const host = index.get(job.hostId);
  const nowMs = clock.nowMs();
  // Only of hosts that this process hears itself, and that have nothing left to report.
  if (host === undefined || host.spooled > 0) return false;
  if (host.heardMs === 0 || !isOnline(host.heardMs, periodOf(host.id), nowMs)) return false;
  const heardMs = Math.max(job.startedAtMs ?? 0, board.heardAtMs(job.id));
  const restarted = host.restartedAtMs > heardMs;
  const patienceMs = (restarted ? settings.interruptedJobMinutes : settings.silentJobMinutes) * MINUTE_MS;
  return nowMs - Math.max(heardMs, restarted ? host.restartedAtMs : 0) > patienceMs;
}
