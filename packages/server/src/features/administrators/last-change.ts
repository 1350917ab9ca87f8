import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { LastChange } from '../../http/entity-tag.ts';
import type { Tx } from '../../store/tables.ts';

/** What raises the revision of an account. */
const CHANGES = [
  'create-administrator',
  'set-grants',
  'disable-administrator',
  'enable-administrator',
  'change-password',
  'set-totp',
  'use-link',
  'link-oidc',
  'unlink-oidc',
] as const;

/** Who changed an account last, and when, as the audit log has it. */
export async function lastChangeOf(tx: Tx, id: AdministratorId): Promise<LastChange | undefined> {
  const row = await tx
    .selectFrom('audit')
    .select(['actor', 'at_ms'])
    .where('subject', '=', id)
    .where('act', 'in', CHANGES)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { by: row.actor, atMs: row.at_ms };
}
