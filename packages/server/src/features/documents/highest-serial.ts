import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import { latestSerials } from './documents.store.ts';

/** The highest serial of these documents; zero when there is none. Who echoes a lower one holds what is meant for it, or something old. */
export async function highestSerial(tx: Tx, type: DocumentType, scopes: readonly string[]): Promise<number> {
  const found = (await latestSerials(tx, type, scopes)).map(({ serial }) => serial);
  return found.length === 0 ? 0 : Math.max(...found);
}
