import { DAY_MS, type Clock } from '@sekisho/core/time.ts';
import type { HealthBoard } from '../health.ts';

/** A server that was not asked again for so long is no longer spoken of: perhaps nobody needs it. */
export const REFUSAL_REMEMBERED_MS = DAY_MS;

/** F-05 The servers of the list whose certificate this agent refuses: told in heartbeats, over a server that it accepts. */
export interface RefusedServers {
  refused(key: string, code: string): void;
  /** It was verified. */
  reached(key: string): void;
  /** Another list or other anchors: what was refused is asked anew. */
  forget(): void;
  /** Before each heartbeat. */
  check(): void;
}

/** Keeps the health code `orphaned` while there is one. */
export function watchRefusedServers(health: HealthBoard, clock: Clock): RefusedServers {
  const refused = new Map<string, { code: string; atMs: number }>();
  const tell = (): void => {
    for (const [key, { atMs }] of refused)
      if (clock.nowMs() - atMs > REFUSAL_REMEMBERED_MS) refused.delete(key);
    const detail = [...refused].map(([key, { code }]) => `${key}: ${code}`).join(', ');
    health.set('orphaned', refused.size > 0, detail);
  };
  return {
    refused(key, code) {
      refused.set(key, { code, atMs: clock.nowMs() });
      tell();
    },
    reached(key) {
      if (refused.delete(key)) tell();
    },
    forget() {
      refused.clear();
      tell();
    },
    check: tell,
  };
}
