import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { Tx } from '../../store/tables.ts';
import { deleteDocuments } from './documents.store.ts';

/** Removes the documents of these scopes: what they were about is gone. */
export const dropDocuments = (tx: Tx, type: DocumentType, scopes: readonly string[]): Promise<void> =>
  deleteDocuments(tx, type, scopes);
