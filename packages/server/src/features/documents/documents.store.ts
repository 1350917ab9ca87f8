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

/** Versions of one document that are kept; only the newest is handed out. */
export const DOCUMENT_VERSIONS_MAX = 10;

/** Inserts the newest version, and removes those beyond the limit. */
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
  const oldestKept = await tx
    .selectFrom('documents')
    .select('serial')
    .where('type', '=', row.type)
    .where('scope', '=', row.scope)
    .orderBy('serial', 'desc')
    .offset(DOCUMENT_VERSIONS_MAX - 1)
    .limit(1)
    .executeTakeFirst();
  if (oldestKept === undefined) return;
  await tx
    .deleteFrom('documents')
    .where('type', '=', row.type)
    .where('scope', '=', row.scope)
    .where('serial', '<', oldestKept.serial)
    .execute();
};

export const deleteDocuments = async (
  tx: Tx,
  type: DocumentType,
  scopes: readonly string[],
): Promise<void> => {
  if (scopes.length === 0) return;
  await tx.deleteFrom('documents').where('type', '=', type).where('scope', 'in', scopes).execute();
};

/** Highest serial of each type and scope, but orders: nobody echoes those. */
export const listLatestSerials = (db: DbOrTx): Promise<{ type: string; scope: string; serial: number }[]> =>
  db
    .selectFrom('documents')
    .select((row) => ['type', 'scope', row.fn.max('serial').as('serial')] as const)
    .where('type', '!=', 'order')
    .groupBy(['type', 'scope'])
    .execute();
