import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

export interface DocumentRow {
  readonly serial: number;
  readonly contentSha256: string;
  readonly jws: string;
}

export const findLatestDocument = (
  db: DbOrTx,
  type: DocumentType,
  scope: string,
): Promise<DocumentRow | undefined> =>
  db
    .selectFrom('documents')
    .select(['serial', 'content_sha256 as contentSha256', 'jws'])
    .where('type', '=', type)
    .where('scope', '=', scope)
    .orderBy('serial', 'desc')
    .limit(1)
    .executeTakeFirst();

export const insertDocument = async (
  tx: Tx,
  row: { type: DocumentType; scope: string; nowMs: number } & DocumentRow,
): Promise<void> => {
  await tx
    .insertInto('documents')
    .values({
      type: row.type,
      scope: row.scope,
      serial: row.serial,
      content_sha256: row.contentSha256,
      jws: row.jws,
      made_at_ms: row.nowMs,
    })
    .execute();
};

/** Highest serial of each type and scope, but orders: nobody echoes those. */
export const listLatestSerials = (db: DbOrTx): Promise<{ type: string; scope: string; serial: number }[]> =>
  db
    .selectFrom('documents')
    .select((row) => ['type', 'scope', row.fn.max('serial').as('serial')] as const)
    .where('type', '!=', 'order')
    .groupBy(['type', 'scope'])
    .execute();
