import type { AppError } from '@sekisho/core/errors.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import { DAY_MS, type Clock } from '@sekisho/core/time.ts';
import type { HealthBoard } from '../health.ts';
import type { KnownServer } from './server-connection.ts';

/** A server that was not asked again for so long is no longer spoken of: perhaps nobody needs it. */
export const REFUSAL_REMEMBERED_MS = DAY_MS;

/** F-05 The servers of the list whose certificate this agent refuses: told in heartbeats, over a server that it accepts. */
export interface RefusedServers {
  refused(server: RefusedServer, error: AppError): void;
  /** It was verified. */
  reached(key: string): void;
  /** Another list or other anchors: what was refused is asked anew. */
  forget(): void;
  /** Before each heartbeat. */
  check(): void;
  /** Those that are refused now, with the failed check of each. */
  readonly all: readonly { readonly server: string; readonly error: AppError }[];
}
export type RefusedServer = Pick<KnownServer, 'key' | 'address' | 'port'>;

/** Keeps the health code `orphaned` while there is one. */
export function watchRefusedServers(health: HealthBoard, clock: Clock): RefusedServers {
  const refused = new Map<string, { server: string; error: AppError; atMs: number }>();
  const all = () => [...refused.values()];
  const tell = (): void => {
    for (const [key, { atMs }] of refused)
      if (clock.nowMs() - atMs > REFUSAL_REMEMBERED_MS) refused.delete(key);
    const detail = all()
      .map(({ server, error }) => `${server}: ${error.code}`)
      .join(', ');
    health.set('orphaned', refused.size > 0, detail);
  };
  return {
    refused(server, error) {
      refused.set(server.key, { server: serverName(server), error, atMs: clock.nowMs() });
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
    get all() {
      return all();
    },
  };
}
