import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, JobId, RepositoryName } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { selectGrant } from '../restores/grant-rows.ts';
import { isOpenMaintenance } from '../jobs/is-open-maintenance.ts';
import { PASSWORD_UNKNOWN, passwordContext } from './ensure-repositories.ts';
import { selectRepository, type StoredRepository } from './repositories.store.ts';

/**
 * P-11 Releases a repository's password over mutual TLS: to the host that owns it, to its media server while a maintenance job of that
 * repository is open there, or to another host for a restore that it was granted (P-14). Each release and each refusal is audited before it is answered.
 * @throws AppError REPOSITORY_PASSWORD_REFUSED; one answer for every reason, so that nothing is learnt from it
 */
export async function releasePassword(
  context: FleetContext,
  peer: { hostId: HostId },
  request: { repository: RepositoryName; jobId: JobId },
): Promise<string> {
  const sealed = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const repository = await selectRepository(tx, request.repository);
    const reason = await releaseReason(tx, repository, { ...request, hostId: peer.hostId, nowMs });
    await recordAudit(
      tx,
      {
        act: 'release-repository-password',
        actor: peer.hostId,
        origin: 'agent',
        subject: request.repository,
        outcome: reason === undefined ? 'refused' : 'done',
        detail: { jobId: request.jobId, reason: reason ?? 'none' },
      },
      nowMs,
    );
    return reason === undefined ? undefined : repository?.sealedPassword;
  });
  if (sealed === undefined) {
    context.log.warn({ hostId: peer.hostId, repository: request.repository }, 'repository password refused');
    throw new AppError('REPOSITORY_PASSWORD_REFUSED', { repository: request.repository });
  }
  return new TextDecoder().decode(context.secrets.open(sealed, passwordContext(request.repository)));
}

async function releaseReason(
  tx: Tx,
  repository: StoredRepository | undefined,
  { hostId, jobId, nowMs }: { hostId: HostId; jobId: JobId; nowMs: number },
): Promise<'owner' | 'maintenance' | 'granted' | undefined> {
  if (repository === undefined || repository.sealedPassword === PASSWORD_UNKNOWN) return undefined;
  if (repository.hostId === hostId) return 'owner';
  const grant = await selectGrant(tx, jobId, nowMs);
  if (grant?.readerId === hostId && grant.repository === repository.name) return 'granted';
  if (repository.mediaHostId !== hostId) return undefined;
  return (await isOpenMaintenance(tx, { jobId, hostId, repository: repository.name }))
    ? 'maintenance'
    : undefined;
}
