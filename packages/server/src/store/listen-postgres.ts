import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Client } from 'pg';
import type { DatabaseAddress } from './database-address.ts';
import { connectPostgres } from './postgres-servers.ts';
import { FEED_CHANNEL } from './record-change.ts';

const RECONNECT_DELAY_MS = SECOND_MS;

/**
 * Calls `wake` for every notification of the change feed, and after each reconnect, since what was sent in between is
 * lost. Returns how to stop.
 */
export function listenPostgres(
  address: DatabaseAddress & { dialect: 'postgres' },
  parts: { wake: () => void; clock: Clock; log: Log },
): () => Promise<void> {
  let stopped = false;
  let client: Client | undefined;
  let cancelRetry: (() => void) | undefined;
  let connecting: Promise<void> = Promise.resolve();

  const connect = async (): Promise<void> => {
    let over = false;
    const lost = (): void => {
      if (over) return;
      over = true;
      client?.end().catch(() => undefined);
      client = undefined;
      if (stopped) return;
      cancelRetry = parts.clock.timer(RECONNECT_DELAY_MS, () => {
        connecting = connect();
      });
    };
    try {
      const fresh = await connectPostgres(address);
      client = fresh;
      fresh.on('error', lost);
      fresh.on('end', lost);
      fresh.on('notification', parts.wake);
      await fresh.query(`LISTEN ${FEED_CHANNEL}`);
      parts.wake();
    } catch (error) {
      if (!stopped) parts.log.warn({ err: error }, 'no wakes from the database; polling goes on');
      lost();
    }
  };

  connecting = connect();
  return async () => {
    stopped = true;
    cancelRetry?.();
    await connecting;
    await client?.end().catch(() => undefined);
  };
}
