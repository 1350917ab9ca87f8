import type { ListId } from '@sekisho/core/ids.ts';
import { lastSerial } from '../../store/counters.ts';
import type { FleetContext } from './fleet-context.ts';

/**
 * F-13 A host took another list than its group's out of a communication package, and its group's is older: signed again with a higher serial,
 * the host takes it. Only for a serial that was really given: a bare number moves nothing.
 */
export async function outrankList(
  { documents, store }: Pick<FleetContext, 'documents' | 'store'>,
  list: ListId,
  heldSerial: number,
): Promise<void> {
  await store.transaction(async (tx) => {
    if (heldSerial > (await lastSerial(tx, 'document.list'))) return;
    if ((documents.latestSerial('list', list) ?? 0) < heldSerial) await documents.makeAgain(tx, 'list', list);
  });
}
