import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { ServerConfig } from '../config.ts';
import type { AuditService } from '../features/audit/audit-service.ts';
import { CLOCK_BACK_MS, recordClockJump } from '../features/audit/server-life.ts';
import { prolongLease, releaseLease, takeLease } from '../store/leases.ts';
import type { Store } from '../store/store.ts';
import { startLoop } from './loop.ts';

/** So long after a row was written, at most, it is under a signed head; what is written until then shares it. */
export const AUDIT_DELAY_MS = SECOND_MS;
/** For what a worker left undone that is gone, and for windows of merged refusals. */
export const AUDIT_EVERY_MS = 15 * SECOND_MS;
const LEASE_MS = 30 * SECOND_MS;
const NAME = 'audit';

/**
 * Keeps the hash tree of the audit log up to its rows. Whoever wrote tends, one worker at a time: the lease is given back at
 * once, so that the next one who writes need not wait. The stop writes what was merged and signs the last head, so that a log
 * that is at rest is covered as a whole.
 */
export function startAuditLoop(parts: {
  audit: AuditService;
  store: Store;
  clock: Clock;
  log: Log;
  config: ServerConfig;
  workerId: string;
}): { stop: () => Promise<void> } {
  const { audit, store, clock, log, workerId } = parts;
  let pending: (() => void) | undefined;
  const soon = (): void => {
    pending ??= clock.timer(AUDIT_DELAY_MS, () => {
      pending = undefined;
      loop.wake();
    });
  };
  const tend = async (which?: 'all'): Promise<void> => {
    const lease = await takeLease(store, { name: NAME, workerId, leaseMs: LEASE_MS });
    if (lease === undefined) return soon(); // another worker is at it
    try {
      await audit.tend((tx) => prolongLease(store, tx, lease, LEASE_MS), which);
    } finally {
      await releaseLease(store, lease);
    }
  };
  const jumpSince = watchClock(clock);
  const loop = startLoop({
    clock,
    log,
    name: NAME,
    everyMs: AUDIT_EVERY_MS,
    run: async () => {
      const jump = jumpSince();
      if (jump !== undefined) await recordClockJump(parts, jump);
      if (await audit.isDue()) await tend();
    },
  });
  const unsubscribe = store.onAudit(soon);
  return {
    stop: async () => {
      unsubscribe();
      pending?.();
      await loop.stop();
      await tend('all');
      pending?.();
    },
  };
}

/** Tells wall time that moved otherwise than time passed since the last call, by more than a minute. */
function watchClock(clock: Clock): () => { beforeMs: number; afterMs: number } | undefined {
  let [wallMs, passedMs] = [clock.nowMs(), clock.monotonicMs()];
  return () => {
    const beforeMs = Math.floor(wallMs + (clock.monotonicMs() - passedMs));
    const afterMs = clock.nowMs();
    [wallMs, passedMs] = [afterMs, clock.monotonicMs()];
    return Math.abs(afterMs - beforeMs) > CLOCK_BACK_MS ? { beforeMs, afterMs } : undefined;
  };
}
