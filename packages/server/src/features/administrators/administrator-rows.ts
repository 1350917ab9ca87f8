import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import { ROLES, type Grant } from '@sekisho/core/rules/rights.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedGroupId } from '../fleet/stored-ids.ts';

/** An administrator's account as it is stored. */
export interface AdministratorRow {
  readonly id: AdministratorId;
  readonly name: string;
  readonly displayName: string;
  /** PHC string; null: no password yet, or none at all. */
  readonly passwordHash: string | null;
  /** Sealed with the key-encryption key. */
  readonly totpSealed: string | null;
  /** The last step whose code was used. */
  readonly totpStep: number | null;
  readonly oidc: { readonly issuer: string; readonly subject: string } | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly disabledAtMs: number | null;
  readonly revision: number;
}

const COLUMNS = [
  'id',
  'name',
  'display_name',
  'password_hash',
  'totp_sealed',
  'totp_step',
  'oidc_issuer',
  'oidc_subject',
  'created_at_ms',
  'created_by',
  'disabled_at_ms',
  'revision',
] as const;

export async function findAdministrator(
  db: DbOrTx,
  id: AdministratorId,
): Promise<AdministratorRow | undefined> {
  const row = await db.selectFrom('administrators').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** `name` in lower case, as it is stored. */
export async function findAdministratorByName(
  db: DbOrTx,
  name: string,
): Promise<AdministratorRow | undefined> {
  const row = await db
    .selectFrom('administrators')
    .select(COLUMNS)
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : rowOf(row);
}

/** A page of accounts by name; `after` is the last name of the page before. */
export async function listAdministratorRows(
  db: DbOrTx,
  page: { limit: number; after: string | undefined },
): Promise<AdministratorRow[]> {
  let query = db.selectFrom('administrators').select(COLUMNS).orderBy('name').limit(page.limit);
  if (page.after !== undefined) query = query.where('name', '>', page.after);
  return (await query.execute()).map(rowOf);
}

export async function countAdministrators(db: DbOrTx): Promise<number> {
  const { rows } = await db
    .selectFrom('administrators')
    .select((select) => select.fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

export async function insertAdministrator(tx: Tx, row: AdministratorRow): Promise<void> {
  await tx
    .insertInto('administrators')
    .values({
      id: row.id,
      name: row.name,
      display_name: row.displayName,
      password_hash: row.passwordHash,
      totp_sealed: row.totpSealed,
      totp_step: row.totpStep,
      oidc_issuer: row.oidc?.issuer ?? null,
      oidc_subject: row.oidc?.subject ?? null,
      created_at_ms: row.createdAtMs,
      created_by: row.createdBy,
      disabled_at_ms: row.disabledAtMs,
      revision: row.revision,
    })
    .execute();
  await recordChange(tx, 'administrator', row.id);
}

/** Changes the account; its revision goes up, and every worker hears of it. */
export async function updateAdministrator(
  tx: Tx,
  id: AdministratorId,
  change: Partial<
    Pick<AdministratorRow, 'displayName' | 'passwordHash' | 'totpSealed' | 'totpStep' | 'disabledAtMs'>
  >,
): Promise<void> {
  await tx
    .updateTable('administrators')
    .set((row) => ({
      ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
      ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
      ...(change.totpSealed === undefined ? {} : { totp_sealed: change.totpSealed }),
      ...(change.totpStep === undefined ? {} : { totp_step: change.totpStep }),
      ...(change.disabledAtMs === undefined ? {} : { disabled_at_ms: change.disabledAtMs }),
      revision: row('revision', '+', 1),
    }))
    .where('id', '=', id)
    .execute();
  await recordChange(tx, 'administrator', id);
}

/** Notes the step of a used code, unless this or a later one was used already: then false, and nothing is changed. */
export async function useTotpStep(tx: Tx, id: AdministratorId, step: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('administrators')
    .set({ totp_step: step })
    .where('id', '=', id)
    .where((row) => row.or([row('totp_step', 'is', null), row('totp_step', '<', step)]))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The roles of an administrator, the whole domain first. */
export async function readGrants(db: DbOrTx, id: AdministratorId): Promise<Grant[]> {
  return (await readGrantsOf(db, [id])).get(id) ?? [];
}

/** The same of several. */
export async function readGrantsOf(
  db: DbOrTx,
  ids: readonly AdministratorId[],
): Promise<Map<AdministratorId, Grant[]>> {
  const grants = new Map<AdministratorId, Grant[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return grants;
  const rows = await db
    .selectFrom('administrator_grants')
    .select(['administrator_id', 'role', 'group_id'])
    .where('administrator_id', 'in', ids)
    .orderBy('group_id')
    .orderBy('role')
    .execute();
  for (const row of rows) {
    const role = ROLES.find((one) => one === row.role);
    if (role === undefined) continue; // of a newer program: gives nothing here
    const groupId = row.group_id === '' ? null : storedGroupId(row.group_id);
    grants.get(storedId(row.administrator_id))?.push({ role, groupId });
  }
  return grants;
}

/** Puts these roles in place of those there are. The caller records the change. */
export async function replaceGrants(tx: Tx, id: AdministratorId, grants: readonly Grant[]): Promise<void> {
  await tx.deleteFrom('administrator_grants').where('administrator_id', '=', id).execute();
  if (grants.length === 0) return;
  await tx
    .insertInto('administrator_grants')
    .values(grants.map(({ role, groupId }) => ({ administrator_id: id, role, group_id: groupId ?? '' })))
    .execute();
}

/**
 * Those who can sign in and administer the whole domain: enabled, with the role, and with a password, an identity at the
 * OpenID provider or a passkey.
 */
export async function listDomainAdministrators(db: DbOrTx): Promise<AdministratorId[]> {
  const rows = await db
    .selectFrom('administrators')
    .innerJoin('administrator_grants', 'administrator_grants.administrator_id', 'administrators.id')
    .select('administrators.id')
    .where('administrator_grants.role', '=', 'administrator')
    .where('administrator_grants.group_id', '=', '')
    .where('administrators.disabled_at_ms', 'is', null)
    .where((row) =>
      row.or([
        row('administrators.password_hash', 'is not', null),
        row('administrators.oidc_subject', 'is not', null),
        row.exists(
          row
            .selectFrom('passkeys')
            .select('passkeys.credential_id')
            .whereRef('passkeys.administrator_id', '=', 'administrators.id'),
        ),
      ]),
    )
    .orderBy('administrators.name')
    .execute();
  return rows.map(({ id }) => storedId(id));
}

/** Can anybody sign in and administer the domain? */
export const hasAdministrator = async (db: DbOrTx): Promise<boolean> =>
  (await listDomainAdministrators(db)).length > 0;

/** The ID of a row of ours. */
export function storedId(raw: string): AdministratorId {
  const id = parseAdministratorId(raw);
  if (id === undefined) throw new Error(`the row of administrator ${raw} is not readable`);
  return id;
}

function rowOf(row: {
  id: string;
  name: string;
  display_name: string;
  password_hash: string | null;
  totp_sealed: string | null;
  totp_step: number | null;
  oidc_issuer: string | null;
  oidc_subject: string | null;
  created_at_ms: number;
  created_by: string;
  disabled_at_ms: number | null;
  revision: number;
}): AdministratorRow {
  const { oidc_issuer: issuer, oidc_subject: subject } = row;
  return {
    id: storedId(row.id),
    name: row.name,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    totpSealed: row.totp_sealed,
    totpStep: row.totp_step,
    oidc: issuer === null || subject === null ? null : { issuer, subject },
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    disabledAtMs: row.disabled_at_ms,
    revision: row.revision,
  };
}
