import { ADDRESS_KEPT_MS } from '@sekisho/core/rules/naming.ts';
import type { ServerContext } from '../../context.ts';
import type { Fence } from '../../loops/loop.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { changed } from './decide-mappings.ts';
import { listUnseen, removeMapping } from './name-rows.ts';

const ROWS_PER_PASS = 500;

/** T-31 Forgets addresses that were mapped automatically and under which nobody was met for a month; says how many. */
export async function forgetAddresses(
  { store, clock }: Pick<ServerContext, 'store' | 'clock'>,
  fence: Fence,
): Promise<number> {
  const nowMs = clock.nowMs();
  for (let forgotten = 0; ;) {
    const page = { untilMs: nowMs - ADDRESS_KEPT_MS, limit: ROWS_PER_PASS };
    const rows = await listUnseen(store.db, page);
    if (rows.length > 0)
      await store.transaction(async (tx) => {
        await fence(tx);
        for (const { name, hostId, lastSeenMs } of rows) {
          await removeMapping(tx, name, hostId);
          await changed(tx, name, []);
          const detail = { hostId, kind: 'automatic', lastSeenMs };
          const by = { actor: 'server', origin: 'server', outcome: 'done' } as const;
          await recordAudit(tx, { act: 'delete-name', ...by, subject: name, detail }, nowMs);
        }
      });
    forgotten += rows.length;
    if (rows.length < ROWS_PER_PASS) return forgotten;
  }
}
