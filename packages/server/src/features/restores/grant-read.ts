import { AppError } from '@sekisho/core/errors.ts';
import { repositoryOwner, type HostId, type JobId, type RepositoryName } from '@sekisho/core/ids.ts';
import { READ_GRANTS_PER_MEDIA_MAX } from '@sekisho/core/limits.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import type { Tx } from '../../store/tables.ts';
import { applicationsOfBoth } from '../applications/application-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { refreshAssignments } from '../fleet/refresh-assignments.ts';
import { insertGrant, selectGrants } from './grant-rows.ts';

/** A restore that takes longer must be begun again. */
export const READ_GRANT_MS = 48 * HOUR_MS;

/**
 * T-34, P-14 May this host restore what that one backed up? Its own always; another's when one application mapping has both. The name of
 * that mapping, or undefined for its own.
 * @throws AppError RESTORE_HOST_NOT_MAPPED
 */
export async function requireMapped(tx: Tx, hostId: HostId, ownerId: HostId): Promise<string | undefined> {
  if (hostId === ownerId) return undefined;
  const [mapping] = await applicationsOfBoth(tx, ownerId, hostId);
  if (mapping !== undefined) return mapping;
  const names = new Map((await findHosts(tx, [hostId, ownerId])).map((host) => [host.id, host.name]));
  throw new AppError('RESTORE_HOST_NOT_MAPPED', {
    host: names.get(hostId) ?? hostId,
    owner: names.get(ownerId) ?? ownerId,
  });
}

/**
 * P-14 Lets one job of a host read one repository of another: the media server's assignment, signed in this transaction, says so until the
 * job ends, at the latest for READ_GRANT_MS. `mapping`: what allows it.
 * @throws AppError RESTORE_GRANTS_TOO_MANY
 */
export async function grantRead(
  context: FleetContext,
  tx: Tx,
  actor: Actor,
  wish: {
    jobId: JobId;
    repository: RepositoryName;
    readerId: HostId;
    mediaHostId: HostId;
    mapping: string;
  },
): Promise<void> {
  const { mapping, ...grant } = wish;
  const nowMs = context.clock.nowMs();
  if ((await selectGrants(tx, grant.mediaHostId, nowMs)).length >= READ_GRANTS_PER_MEDIA_MAX) {
    const [host] = await findHosts(tx, [grant.mediaHostId]);
    throw new AppError('RESTORE_GRANTS_TOO_MANY', {
      limit: READ_GRANTS_PER_MEDIA_MAX,
      host: host?.name ?? grant.mediaHostId,
    });
  }
  const expiresAtMs = nowMs + READ_GRANT_MS;
  await insertGrant(tx, { ...grant, expiresAtMs }, nowMs);
  await refreshAssignments(context, tx, [grant.mediaHostId]);
  await recordAudit(
    tx,
    {
      act: 'grant-read',
      actor: actor.name,
      origin: actor.origin,
      subject: grant.repository,
      outcome: 'done',
      detail: {
        jobId: grant.jobId,
        reader: grant.readerId,
        owner: repositoryOwner(grant.repository),
        mediaHostId: grant.mediaHostId,
        application: mapping,
        expiresAtMs,
      },
    },
    nowMs,
  );
}
