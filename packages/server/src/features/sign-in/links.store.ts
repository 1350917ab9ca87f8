import type { AdministratorId } from '@sekisho/core/ids.ts';
import { LINK_PURPOSES } from '@sekisho/core/wire/administrators.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedId } from '../administrators/administrator-rows.ts';

export type LinkPurpose = (typeof LINK_PURPOSES)[number];

/** A one-time link; its code is nowhere. */
export interface LinkRow {
  readonly purpose: LinkPurpose;
  /** Null: the first administrator, who is made with it. */
  readonly administratorId: AdministratorId | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
}

export async function findLink(db: DbOrTx, secretSha256: string): Promise<LinkRow | undefined> {
  const row = await db
    .selectFrom('sign_in_links')
    .select(['purpose', 'administrator_id', 'created_at_ms', 'expires_at_ms', 'used_at_ms'])
    .where('secret_sha256', '=', secretSha256)
    .executeTakeFirst();
  const purpose = LINK_PURPOSES.find((one) => one === row?.purpose);
  if (row === undefined || purpose === undefined) return undefined;
  return {
    purpose,
    administratorId: row.administrator_id === null ? null : storedId(row.administrator_id),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    usedAtMs: row.used_at_ms,
  };
}

export async function insertLink(
  tx: Tx,
  link: {
    readonly secretSha256: string;
    readonly purpose: LinkPurpose;
    readonly administratorId: AdministratorId | null;
    readonly createdAtMs: number;
    readonly createdBy: string;
    readonly expiresAtMs: number;
  },
): Promise<void> {
  await tx
    .insertInto('sign_in_links')
    .values({
      secret_sha256: link.secretSha256,
      purpose: link.purpose,
      administrator_id: link.administratorId,
      created_at_ms: link.createdAtMs,
      created_by: link.createdBy,
      expires_at_ms: link.expiresAtMs,
      used_at_ms: null,
    })
    .execute();
}

/** Marks a link as used, unless somebody was faster or it is over: then false. */
export async function markLinkUsed(tx: Tx, secretSha256: string, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('sign_in_links')
    .set({ used_at_ms: nowMs })
    .where('secret_sha256', '=', secretSha256)
    .where('used_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Links of this administrator (null: those for the first one) that nobody has used stop working. */
export async function dropLinks(tx: Tx, administratorId: AdministratorId | null): Promise<void> {
  await tx
    .deleteFrom('sign_in_links')
    .where('used_at_ms', 'is', null)
    .where('administrator_id', administratorId === null ? 'is' : '=', administratorId)
    .execute();
}

/** Rows of links that were over before this time go. */
export async function deleteLinksBefore(tx: Tx, expiredBeforeMs: number): Promise<void> {
  await tx.deleteFrom('sign_in_links').where('expires_at_ms', '<', expiredBeforeMs).execute();
}
