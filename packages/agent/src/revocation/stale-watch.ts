import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { HealthBoard } from '../health.ts';
import type { Spool } from '../spool/spool.ts';

/** Looks whether a held revocation list is past its end. */
export type StaleWatch = (nextUpdateMs: number | undefined) => void;

/** T-42 A list that went stale is shown in the health for as long as it is, and told once, as an event, each time it becomes so. */
export function createStaleWatch(parts: {
  spool: Spool;
  health: HealthBoard;
  /** What the policy says of it. */
  staleCrl: () => 'open' | 'closed';
  clock: Clock;
  random: Random;
  log: Log;
}): StaleWatch {
  const { spool, health, staleCrl, clock, random, log } = parts;
  let wasStale = false;
  return (nextUpdateMs) => {
    const nowMs = clock.nowMs();
    const isStale = nextUpdateMs !== undefined && nowMs >= nextUpdateMs;
    health.set('crl-stale', isStale, staleCrl());
    const tells = isStale && !wasStale;
    wasStale = isStale;
    if (!tells) return;
    const detail = { nextUpdate: new Date(nextUpdateMs).toISOString(), policy: staleCrl() };
    log.error(detail, 'the revocation lists are out of date');
    spool
      .put({ kind: 'event', spoolId: random.uuid(), event: 'crl-stale', atMs: nowMs, detail })
      .catch((error: unknown) => {
        log.warn({ err: error }, 'an event could not be kept');
      });
  };
}
