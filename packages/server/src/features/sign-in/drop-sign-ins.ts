import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { dropLinks } from './links.store.ts';

/** No link of this administrator may be used any more. What else was begun ends with any change of the account. */
export const dropSignIns = (tx: Tx, administratorId: AdministratorId): Promise<void> =>
  dropLinks(tx, administratorId);
