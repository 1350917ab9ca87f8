import { repositoryOwner, type JobId } from '@sekisho/core/ids.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { applicationsOfBoth } from '../applications/application-rows.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { refreshAssignments } from '../fleet/refresh-assignments.ts';
import { askCancel } from '../jobs/ask-cancel.ts';
import { removeGrant, selectGrants, type ReadGrant } from './grant-rows.ts';

/**
 * P-14 A job ended: what it was granted to read ends with it. The media server's assignment follows the change of its host at once.
 */
export async function endGrantOf(tx: Tx, jobId: JobId): Promise<void> {
  const mediaHostId = await removeGrant(tx, jobId);
  if (mediaHostId !== undefined) await recordChange(tx, 'host', mediaHostId);
}

/**
 * T-34 A mapping changed: grants between hosts that no mapping has together any more end in the same transaction, and their jobs are
 * asked to stop.
 */
export async function endUnmappedGrants(context: FleetContext, tx: Tx, actor: Actor): Promise<void> {
  const nowMs = context.clock.nowMs();
  for (const grant of await selectGrants(tx, null, nowMs)) {
    const both = await applicationsOfBoth(tx, repositoryOwner(grant.repository), grant.readerId);
    if (both.length > 0) continue;
    await removeGrant(tx, grant.jobId);
    await refreshAssignments(context, tx, [grant.mediaHostId]);
    await askCancel(tx, grant.jobId, nowMs);
    await audit(tx, actor, grant, nowMs);
  }
}

const audit = (tx: Tx, actor: Actor, grant: ReadGrant, nowMs: number): Promise<void> =>
  recordAudit(
    tx,
    {
      act: 'end-read-grant',
      actor: actor.name,
      origin: actor.origin,
      subject: grant.repository,
      outcome: 'done',
      detail: { jobId: grant.jobId, reader: grant.readerId, mediaHostId: grant.mediaHostId },
    },
    nowMs,
  );
