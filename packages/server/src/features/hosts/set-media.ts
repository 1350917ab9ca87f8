import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { requireUnchangedHost } from './host-tag.ts';
import { findHost, updateMedia, type HostRow, type MediaSettings } from './host-rows.ts';

/**
 * Switches the media role of a host. Its agent is told to renew, for a certificate that fits the role.
 * Refusals: NOT_FOUND, HOST_IS_MANAGEMENT_SERVER, PRECONDITION_FAILED.
 */
export async function setMedia(
  context: ServerContext,
  change: {
    hostId: HostId;
    media: boolean;
    settings: MediaSettings;
    precondition?: Precondition | undefined;
  },
  principal: Principal,
): Promise<HostRow> {
  const { hostId } = change;
  if (hostId === context.domain.serverHostId) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
  const row = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const host = await findHost(tx, hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    await requireUnchangedHost(tx, host, change.precondition);
    const settings = change.media ? change.settings : undefined;
    await updateMedia(tx, host, { media: change.media, settings }, nowMs);
    const audit = {
      act: 'set-media',
      actor: principal.name,
      origin: principal.origin,
      subject: hostId,
      outcome: 'done',
      detail: { before: host.mediaSinceMs !== null, after: change.media, ...change.settings },
    } as const;
    await recordAudit(tx, audit, nowMs);
    const after = await findHost(tx, hostId);
    return { host: after ?? host, switched: (host.mediaSinceMs !== null) !== change.media };
  });
  await context.feed.catchUp();
  if (row.switched) context.fleet.push(hostId, ['certificate']);
  return row.host;
}
