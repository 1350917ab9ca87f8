import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../../context.ts';
import type { Precondition } from '../../http/entity-tag.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { newestCertificates } from '../certificates/certificate-rows.ts';
import { requireUnchangedHost } from './host-tag.ts';
import { findHost, updateReissue, type HostRow } from './host-rows.ts';

/** T-16. */
export const REISSUE_ALLOWED_MS = 48 * HOUR_MS;

/**
 * Lets the next request of the host's name in without a token, for 48 hours; or takes that back.
 * Refusals: NOT_FOUND, HOST_IS_MANAGEMENT_SERVER, REISSUE_FOR_REVOKED (T-43), MEDIA_NEEDS_TOKEN (T-12).
 */
export async function allowReissue(
  context: ServerContext,
  request: { hostId: HostId; allow: boolean; precondition?: Precondition | undefined },
  principal: Principal,
): Promise<HostRow> {
  const { hostId, allow } = request;
  if (hostId === context.domain.serverHostId) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
  return context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const host = await findHost(tx, hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    await requireUnchangedHost(tx, host, request.precondition);
    const newest = (await newestCertificates(tx, [hostId])).get(hostId);
    if (allow && newest?.revokedAtMs != null) throw new AppError('REISSUE_FOR_REVOKED', { name: host.name });
    if (allow && host.mediaSinceMs !== null) throw new AppError('MEDIA_NEEDS_TOKEN', { name: host.name });
    const reissueUntilMs = allow ? nowMs + REISSUE_ALLOWED_MS : null;
    await updateReissue(tx, hostId, reissueUntilMs);
    const audit = {
      act: 'allow-reissue',
      actor: principal.name,
      origin: principal.origin,
      subject: hostId,
      outcome: 'done',
      detail: {
        name: host.name,
        before: { untilMs: host.reissueUntilMs },
        after: { untilMs: reissueUntilMs },
      },
    } as const;
    await recordAudit(tx, audit, nowMs);
    return { ...host, reissueUntilMs };
  });
}
