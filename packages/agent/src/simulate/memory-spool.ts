import { AppError } from '@sekisho/core/errors.ts';
import { SPOOL_ITEMS_PER_FRAME_MAX } from '@sekisho/core/limits.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { Spool } from '../spool/spool.ts';

/** Items that wait for one simulated agent: more means that the server takes none. */
export const SIMULATED_SPOOL_ITEMS_MAX = 100;

/** The spool of a simulated agent: in memory, as what it reports need not outlive the simulation. Refusal: SPOOL_FULL. */
export function createMemorySpool(onAcknowledged: (items: readonly SpoolItem[]) => void): Spool {
  const items = new Map<string, SpoolItem>();
  const listeners: (() => void)[] = [];
  return {
    put(item) {
      if (items.size >= SIMULATED_SPOOL_ITEMS_MAX)
        return Promise.reject(new AppError('SPOOL_FULL', { limit: SIMULATED_SPOOL_ITEMS_MAX }));
      items.set(item.spoolId, item);
      for (const listener of listeners) listener();
      return Promise.resolve();
    },
    has: (spoolId) => items.has(spoolId),
    get size() {
      return items.size;
    },
    batch: () => Promise.resolve([...items.values()].slice(0, SPOOL_ITEMS_PER_FRAME_MAX)),
    acknowledge(spoolIds) {
      const taken = spoolIds.flatMap((spoolId) => items.get(spoolId) ?? []);
      for (const { spoolId } of taken) items.delete(spoolId);
      onAcknowledged(taken);
      return Promise.resolve();
    },
    onPut(listener) {
      listeners.push(listener);
    },
  };
}
