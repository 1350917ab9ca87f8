import { parseJobId, type HostId, type JobId, type PlanId } from '@sekisho/core/ids.ts';
import { createHash } from 'node:crypto';

/**
 * The ID of a scheduled run (P-12): agent and server derive the same one without talking to each other, so a run is
 * reported, expected and deduplicated under one name. `scheduledAtMs` is the time by the schedule, not by the clock.
 */
export function scheduledJobId(
  planId: PlanId,
  hostId: HostId,
  scheduleName: string,
  scheduledAtMs: number,
  attempt: number,
): JobId {
  const text = `${planId}|${hostId}|${scheduleName}|${scheduledAtMs}|${attempt}`;
  return parseJobId(createHash('sha256').update(text).digest('hex').slice(0, 32))!;
}
