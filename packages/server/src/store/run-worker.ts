import { HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { pruneChangeFeed, type ChangeFeed } from './change-feed.ts';
import type { Store } from './store.ts';
import { beatWorker, registerWorker, removeDeadWorkers, removeWorker, WORKER_BEAT_MS } from './workers.ts';

const PRUNE_EVERY_MS = HOUR_MS;

export interface RunningWorker {
  /** Leaves: its sessions and leases are free at once. */
  stop(): Promise<void>;
}

/**
 * Keeps this process's row alive, and removes those of dead processes. `onRemoved` is called when others took this one
 * for dead (it was suspended): its sessions are gone, so it drops the connections behind them; it is entered again.
 */
export async function runWorker(parts: {
  store: Store;
  feed: ChangeFeed;
  workerId: string;
  instanceId: string;
  clock: Clock;
  log: Log;
  onRemoved: () => void;
}): Promise<RunningWorker> {
  const { store, feed, workerId, instanceId, clock, log } = parts;
  let cancel: (() => void) | undefined;
  let stopped = false;
  let prunedMs = clock.monotonicMs();
  let beating: Promise<void> = Promise.resolve();

  const beat = async (): Promise<void> => {
    if (!(await beatWorker(store, workerId, feed.position))) {
      log.warn({ workerId }, 'this process was taken for dead');
      parts.onRemoved();
      await registerWorker(store, workerId, instanceId);
    }
    const dead = await removeDeadWorkers(store);
    if (dead.length > 0) log.warn({ workers: dead }, 'dead server processes removed');
    if (clock.monotonicMs() - prunedMs < PRUNE_EVERY_MS) return;
    prunedMs = clock.monotonicMs();
    await pruneChangeFeed(store);
  };
  const schedule = (): void => {
    cancel = clock.timer(WORKER_BEAT_MS, () => {
      beating = beat()
        .catch((error: unknown) => {
          log.warn({ err: error }, 'could not say that this process lives');
        })
        .then(() => {
          if (!stopped) schedule();
        });
    });
  };

  await registerWorker(store, workerId, instanceId);
  schedule();
  return {
    stop: async () => {
      stopped = true;
      cancel?.();
      await beating;
      try {
        await store.transaction((tx) => removeWorker(tx, workerId));
      } catch (error) {
        // the database is away; the others will see that this process is dead
        log.warn({ err: error }, 'could not say that this process stops');
      }
    },
  };
}
