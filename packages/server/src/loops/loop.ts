import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { prolongLease, releaseLease, takeLease, type Lease } from '../store/leases.ts';
import type { Store } from '../store/store.ts';
import type { Tx } from '../store/tables.ts';

export interface Loop {
  /** Runs soon, without waiting for its time; while it runs, once more after that. */
  wake(): void;
  /** No run begins after this; one under way is waited for. */
  stop(): Promise<void>;
}

/** Calls again and again, never twice at a time; a run that fails is logged, and the next one comes at its time. */
export function startLoop(parts: {
  clock: Clock;
  log: Log;
  name: string;
  /** A function is asked before each wait. */
  everyMs: number | (() => number);
  run: () => Promise<void>;
}): Loop {
  const { clock, log, name, everyMs, run } = parts;
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;
  let cancel = schedule();

  function schedule(): () => void {
    return clock.timer(typeof everyMs === 'number' ? everyMs : everyMs(), begin);
  }
  function begin(): void {
    cancel();
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    again = false;
    running = run()
      .catch((error: unknown) => {
        log.warn({ err: error, loop: name }, 'loop failed');
      })
      .then(() => {
        running = undefined;
        if (stopped) return;
        if (again) begin();
        else cancel = schedule();
      });
  }
  return {
    wake: begin,
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

/** Stands in each transaction of a duty: throws when this worker lost it, and prolongs it when not. */
export type Fence = (tx: Tx) => Promise<void>;

/** A loop that only one worker of the domain runs at a time (design.md, Data). */
export function startDuty(parts: {
  clock: Clock;
  log: Log;
  store: Store;
  workerId: string;
  name: string;
  everyMs: number;
  leaseMs: number;
  /** Is there anything to do? Without it the duty is taken at each run. */
  when?: () => boolean;
  /** Waited for before each run: what comes meanwhile is done by the same run. */
  quiet?: () => Promise<void>;
  run: (fence: Fence) => Promise<void>;
}): Loop {
  const { store, workerId, name, leaseMs, run } = parts;
  let held: Lease | undefined;
  const loop = startLoop({
    ...parts,
    run: async () => {
      if (parts.when?.() === false) return;
      await parts.quiet?.();
      const lease = await takeLease(store, { name, workerId, leaseMs });
      held = lease;
      if (lease !== undefined) await run((tx) => prolongLease(store, tx, lease, leaseMs));
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      if (held === undefined) return;
      await releaseLease(store, held).catch((error: unknown) => {
        parts.log.warn({ err: error, loop: name }, 'lease could not be given back');
      });
    },
  };
}
