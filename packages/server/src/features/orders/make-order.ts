import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';

/** When an order that is made now runs out, if its host has not answered by then. */
export function orderExpiresAtMs(act: OrderAct['what'], settings: FleetSettings, nowMs: number): number {
  switch (act) {
    case 'backup':
    case 'restore':
      return nowMs + settings.orderMinutes * MINUTE_MS;
    case 'browse':
      return nowMs + settings.browseMinutes * MINUTE_MS;
    case 'maintain':
    case 'seal':
      return nowMs + settings.maintenanceHours * HOUR_MS;
  }
}

/** Signs the order of a job: one bounded act, for one host, until a moment. */
export async function makeOrder(
  context: FleetContext,
  tx: Tx,
  order: { jobId: JobId; hostId: HostId; act: OrderAct; expiresAtMs: number },
): Promise<void> {
  await context.documents.make(tx, 'order', order.jobId, order);
}
