import type { Log } from '@sekisho/platform/log.ts';
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';

/**
 * F-38 PostgreSQL keeps what a row said before: once keys were destroyed their table is written anew, so that its file has no sealed key of
 * before. SQLite overwrites by itself. Write-ahead logs, standbys until they follow, backups and freed blocks of the disk are out of reach
 * (SECURITY.md). What fails here holds nothing up.
 */
export async function scrubKeys({ store, log }: { store: Store; log: Log }): Promise<void> {
  if (store.dialect !== 'postgres') return;
  try {
    await sql`VACUUM FULL ca_keys`.execute(store.db);
  } catch (error) {
    log.warn(
      { err: error },
      'the table of keys could not be written anew: destroyed keys may lie in it, sealed',
    );
  }
}
