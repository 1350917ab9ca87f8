import type { HostId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { SYSTEM_ACTOR, type FleetContext } from '../fleet/fleet-context.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { refreshAssignments } from '../fleet/refresh-assignments.ts';
import { createJob } from '../jobs/create-job.ts';
import { newestJobOf } from '../jobs/is-open-maintenance.ts';
import { recordChange } from '../../store/record-change.ts';
import { markSealed, selectRepositoriesOf, type StoredRepository } from './repositories.store.ts';

/**
 * P-02 After a key compromise: every repository that the host had at that time is sealed, here at once and on its media
 * server by a signed order. The next generation is made when the host was reissued and a plan needs it.
 */
export async function sealRepositories(
  context: FleetContext,
  tx: Tx,
  hostId: HostId,
  compromisedAtMs: number,
): Promise<void> {
  const nowMs = context.clock.nowMs();
  const affected = (await selectRepositoriesOf(tx, [hostId])).filter(
    (one) => one.sealedAtMs === null && one.createdAtMs <= compromisedAtMs,
  );
  for (const repository of affected) {
    await markSealed(tx, repository.name, nowMs);
    await recordChange(tx, 'repository', repository.name);
    await recordAudit(
      tx,
      {
        act: 'seal-repository',
        actor: SYSTEM_ACTOR.name,
        origin: SYSTEM_ACTOR.origin,
        subject: repository.name,
        outcome: 'done',
        detail: { hostId, reason: 'keyCompromise' },
      },
      nowMs,
    );
    await orderSeal(context, tx, repository);
  }
  if (affected.length > 0) await refreshAssignments(context, tx, [hostId]);
}

/** The order to seal, unless one is open or was carried out. True when one was made. */
export async function orderSeal(
  context: FleetContext,
  tx: Tx,
  repository: StoredRepository,
): Promise<boolean> {
  const last = await newestJobOf(tx, repository.name, 'seal');
  if (last !== undefined && ['queued', 'active', 'done', 'warnings'].includes(last.state)) return false;
  const media = await findHost(tx, repository.mediaHostId);
  await createJob(context, tx, SYSTEM_ACTOR, {
    hostId: repository.mediaHostId,
    hostName: media?.name ?? repository.mediaHostId,
    trigger: 'system',
    act: { what: 'seal', repository: repository.name },
    planId: null,
    scheduleName: null,
    attempt: (last?.attempt ?? 0) + 1,
    retryOf: last?.id ?? null,
    repository: repository.name,
  });
  return true;
}
