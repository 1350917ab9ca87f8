import { AppError } from '@sekisho/core/errors.ts';
import { removableFromMs } from '@sekisho/core/rules/removal.ts';
import type { HostId, JobId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Actor, FleetContext } from '../fleet/fleet-context.ts';
import { openJobOf } from '../jobs/is-open-maintenance.ts';
import { decideMaintenance, orderMaintenance } from '../repositories/maintain-repository.ts';
import { getRepository } from '../repositories/read-repositories.ts';
import { countOtherPoints, markRemovalAsked } from './points.store.ts';
import { getPointRow, type StoredPoint } from './read-points.ts';

/** What a deletion means for one recovery point. */
export interface DeletedPoint {
  readonly id: SnapshotId;
  /** From when on the media server may forget it (P-02). */
  readonly removableFromMs: number;
  /** Nothing else of this host would be left. */
  readonly lastOfHost: boolean;
}

/**
 * P-13 Marks recovery points for removal, audited; those past the minimum age are ordered away at once, the others go when
 * they are old enough. `preview` says what would happen and changes nothing.
 * @throws AppError NOT_FOUND, POINT_REMOVED, REPOSITORY_SEALED, JOB_HOST_…
 */
export async function deletePoints(
  context: FleetContext,
  actor: Actor,
  input: { ids: readonly SnapshotId[]; preview: boolean },
): Promise<{ points: DeletedPoint[]; jobIds: JobId[] }> {
  return context.store.transaction(async (tx) => {
    const rows: StoredPoint[] = [];
    for (const id of new Set(input.ids)) rows.push(await getPointRow(tx, id));
    await refuseSealed(tx, rows);
    const points = await describe(tx, rows);
    if (input.preview) return { points, jobIds: [] };
    const nowMs = context.clock.nowMs();
    for (const row of rows) {
      await markRemovalAsked(tx, row, nowMs);
      await audit(tx, actor, row, nowMs);
    }
    return { points, jobIds: await orderRemovals(context, tx, actor, rows) };
  });
}

/** P-02 Nothing leaves a sealed repository: the media server would hold the order back. */
async function refuseSealed(tx: Tx, rows: readonly StoredPoint[]): Promise<void> {
  for (const name of new Set<RepositoryName>(rows.map((row) => row.repository)))
    if ((await getRepository(tx, name)).sealedAtMs !== null) throw new AppError('REPOSITORY_SEALED');
}

async function describe(tx: Tx, rows: readonly StoredPoint[]): Promise<DeletedPoint[]> {
  const left = new Map<HostId, number>();
  const ids = rows.map((row) => row.id);
  for (const hostId of new Set(rows.map((row) => row.hostId))) {
    left.set(hostId, await countOtherPoints(tx, hostId, ids));
  }
  return rows.map((row) => ({
    id: row.id,
    removableFromMs: removableFromMs(row.receivedAtMs),
    lastOfHost: left.get(row.hostId) === 0,
  }));
}

/** One order for each repository that has something to remove now and no maintenance under way. */
async function orderRemovals(
  context: FleetContext,
  tx: Tx,
  actor: Actor,
  rows: readonly StoredPoint[],
): Promise<JobId[]> {
  const jobIds: JobId[] = [];
  for (const name of new Set<RepositoryName>(rows.map((row) => row.repository))) {
    if ((await openJobOf(tx, name, 'maintain')) !== undefined) continue;
    const decision = await decideMaintenance(tx, name, context.clock.nowMs());
    if (decision.remove.length === 0) continue;
    jobIds.push(await orderMaintenance(context, tx, actor, await getRepository(tx, name), decision.remove));
  }
  return jobIds;
}

const audit = (tx: Tx, actor: Actor, point: StoredPoint, nowMs: number): Promise<void> =>
  recordAudit(
    tx,
    {
      act: 'delete-point',
      actor: actor.name,
      origin: actor.origin,
      subject: point.id,
      outcome: 'done',
      detail: { hostId: point.hostId, repository: point.repository, receivedAtMs: point.receivedAtMs },
    },
    nowMs,
  );
