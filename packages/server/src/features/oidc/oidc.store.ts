import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** An identity at a provider. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** Whose identity it is: by issuer and subject, by nothing else. */
export async function findLinked(db: DbOrTx, identity: OidcIdentity): Promise<AdministratorId | undefined> {
  const row = await db
    .selectFrom('administrators')
    .select('id')
    .where('oidc_issuer', '=', identity.issuer)
    .where('oidc_subject', '=', identity.subject)
    .executeTakeFirst();
  return row === undefined ? undefined : parseAdministratorId(row.id);
}

/** Ties an identity to an account; null takes it away. Throws on an identity that another account has. */
export async function setIdentity(tx: Tx, id: AdministratorId, identity: OidcIdentity | null): Promise<void> {
  await tx
    .updateTable('administrators')
    .set((row) => ({
      oidc_issuer: identity?.issuer ?? null,
      oidc_subject: identity?.subject ?? null,
      revision: row('revision', '+', 1),
    }))
    .where('id', '=', id)
    .execute();
  await recordChange(tx, 'administrator', id);
}
