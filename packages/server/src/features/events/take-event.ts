import type { HostId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { countOutbox, writeOutbox } from './outbox.ts';

/** Events that a host keeps here; the oldest go. */
export const EVENTS_PER_HOST_MAX = 1_000;

/** Events of one host that others are told about within an hour; the rest is kept with the host alone. */
export const EVENTS_TOLD_PER_HOUR_MAX = 60;

/** Something that a host saw, under an ID of its own: the same one again changes nothing. */
export interface HostEvent {
  readonly spoolId: string;
  readonly event: string;
  readonly atMs: number;
  readonly detail: Readonly<Record<string, string | number>>;
}

/**
 * Records an event of a host and puts it into the outbox, unless this host has filled its hour there. Returns false when it
 * was known already.
 */
export async function takeEvent(tx: Tx, hostId: HostId, event: HostEvent, nowMs: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('host_events')
    .values({
      host_id: hostId,
      // PostgreSQL stores no NUL
      spool_id: event.spoolId.replaceAll('\0', ''),
      event: event.event,
      at_ms: Math.min(event.atMs, nowMs),
      detail: JSON.stringify(event.detail),
    })
    .onConflict((conflict) => conflict.columns(['host_id', 'spool_id']).doNothing())
    .executeTakeFirst();
  if (Number(numInsertedOrUpdatedRows ?? 0) === 0) return false;
  await dropOldest(tx, hostId);
  if ((await countOutbox(tx, hostId, nowMs - HOUR_MS)) < EVENTS_TOLD_PER_HOUR_MAX)
    await writeOutbox(tx, { kind: event.event, subject: hostId, body: { hostId, ...event } }, nowMs);
  return true;
}

async function dropOldest(tx: Tx, hostId: HostId): Promise<void> {
  const beyond = await tx
    .selectFrom('host_events')
    .select('spool_id')
    .where('host_id', '=', hostId)
    .orderBy('at_ms', 'desc')
    .orderBy('spool_id')
    .offset(EVENTS_PER_HOST_MAX)
    .limit(1_000)
    .execute();
  if (beyond.length === 0) return;
  await tx
    .deleteFrom('host_events')
    .where('host_id', '=', hostId)
    .where(
      'spool_id',
      'in',
      beyond.map((row) => row.spool_id),
    )
    .execute();
}
