import type { EventData } from '@sekisho/core/wire/events.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { findRotation } from './rotation.store.ts';

/** What an event says of an update; who wants more reads it. */
export async function findRotationFacts(
  db: DbOrTx,
  id: string,
): Promise<EventData<'rotation.changed'> | undefined> {
  const row = await findRotation(db, id);
  if (row === undefined) return undefined;
  const { kind, phase, pausedAtMs } = row;
  return { id, kind, phase, paused: pausedAtMs !== null };
}
