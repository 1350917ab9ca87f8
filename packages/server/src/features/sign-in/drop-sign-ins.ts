import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { dropLinks } from './links.store.ts';
import { dropPending } from './pending-sign-in.ts';

/** Nothing that was begun for this administrator may be finished: neither a sign-in nor a link. */
export async function dropSignIns(tx: Tx, administratorId: AdministratorId): Promise<void> {
  await dropPending(tx, administratorId);
  await dropLinks(tx, administratorId);
}
