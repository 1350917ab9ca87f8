import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import { latestSerials } from './documents.store.ts';

/** The lowest of the newest serials of these documents; zero when there is none. Who echoes it or a higher one holds its own. */
export async function lowestSerial(tx: Tx, type: DocumentType, scopes: readonly string[]): Promise<number> {
  const found = (await latestSerials(tx, type, scopes)).map(({ serial }) => serial);
  return found.length === 0 ? 0 : Math.min(...found);
}
