import type { HostId } from '@sekisho/core/ids.ts';
import { nextValue } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { NAMES_COUNTER } from './name-index.ts';
import { mappingsOfNames, putPending, removeMapping } from './name-rows.ts';

/**
 * T-31 A host enrolled with a token under names that were mapped automatically to others: those yield, and are listed as conflicts, so
 * that an administrator sees who was met under them before.
 */
export async function yieldNames(
  tx: Tx,
  enrolled: { id: HostId; name: string; names: readonly string[]; origin: string },
  nowMs: number,
): Promise<void> {
  const { id, names, origin } = enrolled;
  const others = (await mappingsOfNames(tx, names)).filter(
    ({ hostId, kind }) => hostId !== id && kind === 'automatic',
  );
  for (const { name, hostId } of others) {
    await removeMapping(tx, name, hostId);
    await putPending(tx, { name, hostId, reason: 'yielded', ownerId: id, askedBy: id }, nowMs);
    await recordChange(tx, 'name', name);
    const audit = {
      act: 'yield-name',
      actor: enrolled.name,
      origin,
      subject: name,
      outcome: 'done',
      detail: { from: hostId, to: id },
    } as const;
    await recordAudit(tx, audit, nowMs);
  }
  if (others.length > 0) await nextValue(tx, NAMES_COUNTER);
}
