import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import { prepared } from '../../store/prepared.ts';
import type { Store } from '../../store/store.ts';
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
): Promise<DocumentRow | undefined> => selectLatest.first(db, { type, scope });

const selectLatest = prepared((db, wish: { type: DocumentType; scope: string }) =>
  db
    .selectFrom('documents')
    .select(['serial', 'content_sha256 as contentSha256', 'jws'])
    .where('type', '=', wish.type)
    .where('scope', '=', wish.scope)
    .orderBy('serial', 'desc')
    .limit(1),
);

/** The newest serials of these documents of one type; of those that are there. */
export async function latestSerials(
  db: DbOrTx,
  type: DocumentType,
  scopes: readonly string[],
): Promise<{ scope: string; serial: number }[]> {
  const found: { scope: string; serial: number }[] = [];
  for (let from = 0; from < scopes.length; from += SCOPES_PER_QUERY_MAX) {
    const part = scopes.slice(from, from + SCOPES_PER_QUERY_MAX);
    found.push(...(await selectSerials.rows(db, { type, scopes: part })));
  }
  return found;
}

/** Below the limits of both databases. */
const SCOPES_PER_QUERY_MAX = 32;

const selectSerials = prepared((db, wish: { type: DocumentType; scopes: readonly string[] }) =>
  db
    .selectFrom('documents')
    .select((row) => ['scope', row.fn.max('serial').as('serial')] as const)
    .where('type', '=', wish.type)
    .where('scope', 'in', wish.scopes)
    .groupBy('scope'),
);

/** Versions of one document that are kept; only the newest is handed out. */
export const DOCUMENT_VERSIONS_MAX = 10;

/** Inserts the newest version, and removes those beyond the limit; `isFirst`: there is no other. */
export const insertDocument = async (
  tx: Tx,
  row: { type: DocumentType; scope: string; nowMs: number } & DocumentRow,
  isFirst: boolean,
): Promise<void> => {
  await insertOne.run(tx, { ...row });
  if (isFirst) return;
  const { type, scope } = row;
  const oldestKept = await selectOldestKept.first(tx, { type, scope });
  if (oldestKept === undefined) return;
  await tx
    .deleteFrom('documents')
    .where('type', '=', row.type)
    .where('scope', '=', row.scope)
    .where('serial', '<', oldestKept.serial)
    .execute();
};

const insertOne = prepared(
  (
    db,
    row: {
      type: DocumentType;
      scope: string;
      serial: number;
      contentSha256: string;
      jws: string;
      nowMs: number;
    },
  ) =>
    db.insertInto('documents').values({
      type: row.type,
      scope: row.scope,
      serial: row.serial,
      content_sha256: row.contentSha256,
      jws: row.jws,
      made_at_ms: row.nowMs,
    }),
);

/** The same document, signed again. */
export const replaceJws = async (
  db: DbOrTx,
  row: { type: DocumentType; scope: string; serial: number; jws: string },
): Promise<void> => {
  await db
    .updateTable('documents')
    .set({ jws: row.jws })
    .where('type', '=', row.type)
    .where('scope', '=', row.scope)
    .where('serial', '=', row.serial)
    .execute();
};

const selectOldestKept = prepared((db, wish: { type: DocumentType; scope: string }) =>
  db
    .selectFrom('documents')
    .select('serial')
    .where('type', '=', wish.type)
    .where('scope', '=', wish.scope)
    .orderBy('serial', 'desc')
    .offset(DOCUMENT_VERSIONS_MAX - 1)
    .limit(1),
);

export const deleteDocuments = async (
  tx: Tx,
  type: DocumentType,
  scopes: readonly string[],
): Promise<void> => {
  if (scopes.length === 0) return;
  await tx.deleteFrom('documents').where('type', '=', type).where('scope', 'in', scopes).execute();
};

/** The newest version of each document of a type, the newest of all first. */
export async function listNewestDocuments(
  db: DbOrTx,
  type: DocumentType,
  limit: number,
): Promise<{ scope: string; jws: string }[]> {
  return db
    .selectFrom('documents')
    .select(['scope', 'jws'])
    .where('type', '=', type)
    .where(({ eb, selectFrom }) =>
      eb(
        'serial',
        '=',
        selectFrom('documents as other')
          .select((row) => row.fn.max('other.serial').as('newest'))
          .where('other.type', '=', type)
          .whereRef('other.scope', '=', 'documents.scope'),
      ),
    )
    .orderBy('serial', 'desc')
    .limit(limit)
    .execute();
}

/** Highest serial of each type and scope, but orders: nobody echoes those. */
export async function eachLatestSerial(
  store: Store,
  take: (row: { type: string; scope: string; serial: number }) => void,
): Promise<void> {
  const query = store.db
    .selectFrom('documents')
    .select((row) => ['type', 'scope', row.fn.max('serial').as('serial')] as const)
    .where('type', '!=', 'order')
    .groupBy(['type', 'scope']);
  if (store.scan !== undefined) await store.scan(query, take);
  else for (const row of await query.execute()) take(row);
}
