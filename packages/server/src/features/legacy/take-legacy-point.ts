import { POINT_STATES } from '@sekisho/core/rules/jobs.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import type { Tx } from '../../store/tables.ts';
import { findHost } from '../fleet/read-hosts.ts';
import { keepPoint } from '../points/keep-point.ts';
import { findRepository } from '../repositories/read-repositories.ts';

/**
 * T-53 A legacy media server announces nothing: what a backup there made is known from its report alone. On a current media server this
 * does nothing, as only the media server is believed (P-02).
 */
export async function takeLegacyPoint(tx: Tx, report: JobReport, nowMs: number): Promise<void> {
  const { repository: name, snapshotId, state } = report;
  if (name === null || snapshotId === null || !POINT_STATES.has(state)) return;
  const repository = await findRepository(tx, name);
  if (repository === undefined) return;
  const media = await findHost(tx, repository.mediaHostId);
  if (media === undefined || !media.isLegacy) return;
  const receivedAtMs = Math.min(report.endedAtMs, nowMs);
  await keepPoint(tx, { repository: name, id: snapshotId, hostId: repository.hostId, receivedAtMs });
}
