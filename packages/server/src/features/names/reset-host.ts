import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { nextValue } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findHost } from '../hosts/host-rows.ts';
import { NAMES_COUNTER } from './name-index.ts';
import { mappingsOfHosts, removeMapping, removePendingOfHost } from './name-rows.ts';

/**
 * T-35 Removes what is remembered of a host: its names beyond the primary one, what waits about it, that it may be certified again without a
 * token, and whether it talked securely. Primary name, host ID, role and certificate stay.
 * Returns the names that went. Refusals: NOT_FOUND, HOST_IS_MANAGEMENT_SERVER.
 */
export async function resetHost(
  context: Pick<ServerContext, 'store' | 'clock' | 'feed' | 'domain'>,
  hostId: HostId,
  principal: Principal,
): Promise<string[]> {
  if (hostId === context.domain.serverHostId) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
  const removed = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const host = await findHost(tx, hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    const before = await tx
      .selectFrom('hosts')
      .select(['legacy_since_ms', 'secure_since_ms', 'reissue_until_ms'])
      .where('id', '=', hostId)
      .executeTakeFirstOrThrow();
    const further = (await mappingsOfHosts(tx, [hostId])).filter(({ kind }) => kind !== 'primary');
    for (const { name } of further) await removeMapping(tx, name, hostId);
    const waiting = await removePendingOfHost(tx, hostId);
    await tx
      .updateTable('hosts')
      .set({ legacy_since_ms: null, secure_since_ms: null, reissue_until_ms: null })
      .where('id', '=', hostId)
      .execute();
    for (const { name } of further) await recordChange(tx, 'name', name);
    for (const name of waiting) await recordChange(tx, 'name-found', name);
    if (further.length > 0) await nextValue(tx, NAMES_COUNTER);
    await recordChange(tx, 'host', hostId);
    const names = further.map(({ name }) => name);
    const detail = { name: host.name, removedNames: names, waiting, before };
    const { name: actor, origin } = principal;
    await recordAudit(
      tx,
      { act: 'reset-host', actor, origin, subject: hostId, outcome: 'done', detail },
      nowMs,
    );
    return names;
  });
  await context.feed.catchUp();
  return removed;
}
