import type { HostId } from '@sekisho/core/ids.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { ChannelHub } from '../channel/channel-hub.ts';
import type { FleetContext } from '../features/fleet/fleet-context.ts';
import type { FleetIndex } from '../features/fleet/fleet-index.ts';
import { followChanges } from '../features/fleet/refresh-documents.ts';
import { expireOrders, giveUpLostJobs } from '../features/fleet/watch-jobs.ts';
import { judgeRuns } from '../features/jobs/judge-runs.ts';
import type { OpenWork } from '../features/jobs/open-work.ts';
import type { ProgressBoard } from '../features/jobs/progress-board.ts';
import { pruneBooks } from '../features/fleet/prune-books.ts';
import { maintainDue } from '../features/repositories/maintain-due.ts';
import { endVerificationOff } from '../features/verification/end-verification-off.ts';
import { startDuty, startLoop, type Loop } from './loop.ts';

/** F-02: how often what heartbeats said is written. */
export const FLUSH_EVERY_MS = 30 * SECOND_MS;
/** Documents follow changes at once; this is for what a worker left undone that is gone. */
export const FOLLOW_EVERY_MS = 15 * SECOND_MS;
export const EXPECTATIONS_EVERY_MS = 30 * SECOND_MS;
export const MAINTENANCE_EVERY_MS = HOUR_MS;
/** F-20: how late a group may say that the time without verification is over; agents end it to the second. */
export const VERIFICATION_EVERY_MS = 30 * SECOND_MS;
export const SWEEP_EVERY_MS = 30 * SECOND_MS;
/** A channel that was silent for this long beyond three heartbeats is dead. */
const SILENCE_GRACE_MS = 30 * SECOND_MS;
const LEASE_MS = 2 * MINUTE_MS;
/** Where hosts are heard more often, other server processes hear of them as often as it takes to know who is offline. */
const FLUSH_OFTEN_MS = SECOND_MS;
/** Flushes of other workers that a read of theirs goes back. */
const MERGE_BACK_MS = 3 * FLUSH_EVERY_MS;

export type FleetLoops = Readonly<
  Record<'flush' | 'follow' | 'expectations' | 'maintenance' | 'verification' | 'sweep', Loop>
>;

/** The timers of the fleet: each asks a rule or a use case, and has no other thought. */
export function startFleetLoops(parts: {
  context: FleetContext;
  workerId: string;
  index: FleetIndex;
  hub: ChannelHub;
  work: OpenWork;
  board: ProgressBoard;
  /** F-02: how often a host is to be heard, in seconds. */
  periodOf: (hostId: HostId) => number;
  /** The shortest that any group has, in seconds. */
  shortestPeriod: () => number;
  /** Offers what was held back. */
  deliver: (hostId: HostId) => Promise<void>;
}): FleetLoops {
  const { context, index, hub, work, board, periodOf, shortestPeriod, deliver } = parts;
  const { clock, log, store } = context;
  const duty = { clock, log, store, workerId: parts.workerId, leaseMs: LEASE_MS };
  // written by one and read by the other, that is a whole period: below the three after which a host is offline
  const flushEveryMs = (): number =>
    store.dialect === 'sqlite'
      ? FLUSH_EVERY_MS
      : Math.max(FLUSH_OFTEN_MS, Math.min(FLUSH_EVERY_MS, (shortestPeriod() * SECOND_MS) / 2));
  return {
    flush: startLoop({
      clock,
      log,
      name: 'last-seen',
      everyMs: flushEveryMs,
      run: async () => {
        await index.flush();
        // What the other server processes saw, for who asks here.
        if (store.dialect === 'postgres') await index.load(clock.nowMs() - MERGE_BACK_MS);
      },
    }),
    follow: startDuty({
      ...duty,
      name: 'fleet-documents',
      everyMs: FOLLOW_EVERY_MS,
      // many hosts that enrol at once get their assignments together
      quiet: () => store.quiet(),
      run: async (fence) => {
        while (await followChanges(context, fence));
      },
    }),
    expectations: startDuty({
      ...duty,
      name: 'expectations',
      everyMs: EXPECTATIONS_EVERY_MS,
      run: async (fence) => {
        await expireOrders(context, work, fence);
        const missed = await judgeRuns(context, fence);
        if (missed > 0) log.warn({ missed }, 'scheduled runs were missed');
      },
    }),
    maintenance: startDuty({
      ...duty,
      name: 'maintenance',
      everyMs: MAINTENANCE_EVERY_MS,
      run: async (fence) => {
        await maintainDue(context, fence);
        await pruneBooks(context, fence);
      },
    }),
    verification: startDuty({
      ...duty,
      name: 'verification',
      everyMs: VERIFICATION_EVERY_MS,
      run: async (fence) => {
        const ended = await endVerificationOff(context, fence);
        if (ended > 0) log.warn({ ended }, 'agents verify the server again');
      },
    }),
    sweep: startLoop({
      clock,
      log,
      name: 'sweep',
      everyMs: SWEEP_EVERY_MS,
      run: async () => {
        hub.sweep((hostId) => 3 * periodOf(hostId) * SECOND_MS + SILENCE_GRACE_MS);
        await giveUpLostJobs(context, { work, board, index, periodOf });
        for (const session of hub.sessions()) await deliver(session.peer.hostId);
      },
    }),
  };
}
