import type { AdministratorId } from '@sekisho/core/ids.ts';
import { RIGHTS, type Grant, type Principal } from '@sekisho/core/rules/rights.ts';
import type { AdministratorView, GrantView, MeView } from '@sekisho/core/wire/administrators.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { lastUseOf } from '../admin-sessions/session-rows.ts';
import { findAdministrator, readGrantsOf, type AdministratorRow } from './administrator-rows.ts';

/** Accounts as the API shows them, with what stands in other tables. */
export async function viewAdministrators(
  db: DbOrTx,
  rows: readonly AdministratorRow[],
): Promise<AdministratorView[]> {
  const ids = rows.map(({ id }) => id);
  const grants = await readGrantsOf(db, ids);
  const used = await lastUseOf(db, ids);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    displayName: row.displayName,
    state: stateOf(row),
    grants: (grants.get(row.id) ?? []).map(viewGrant),
    password: row.passwordHash !== null,
    totp: row.totpSealed !== null,
    oidc: row.oidc,
    createdAtMs: row.createdAtMs,
    createdBy: row.createdBy,
    disabledAtMs: row.disabledAtMs,
    usedAtMs: used.get(row.id) ?? null,
    revision: row.revision,
  }));
}

/** One of them. */
export async function viewAdministrator(db: DbOrTx, row: AdministratorRow): Promise<AdministratorView> {
  const [view] = await viewAdministrators(db, [row]);
  if (view === undefined) throw new Error('an account has no view');
  return view;
}

/** The account that is there now. */
export async function viewById(db: DbOrTx, id: AdministratorId): Promise<AdministratorView | undefined> {
  const row = await findAdministrator(db, id);
  return row === undefined ? undefined : viewAdministrator(db, row);
}

/** Who asks, and what they may do. */
export async function viewMe(
  db: DbOrTx,
  principal: Pick<Principal, 'kind' | 'name' | 'administratorId' | 'rights'>,
): Promise<MeView> {
  const { administratorId, kind, name, rights } = principal;
  return {
    kind,
    name,
    administrator: administratorId === null ? null : ((await viewById(db, administratorId)) ?? null),
    rights: RIGHTS.flatMap((right) => {
      const reach = rights.get(right);
      if (reach === undefined || (reach !== 'domain' && reach.size === 0)) return [];
      return [{ right, groups: reach === 'domain' ? null : [...reach] }];
    }),
  };
}

export const viewGrant = ({ role, groupId }: Grant): GrantView => ({ role, group: groupId });

function stateOf(row: AdministratorRow): AdministratorView['state'] {
  if (row.disabledAtMs !== null) return 'disabled';
  return row.passwordHash === null && row.oidc === null ? 'invited' : 'active';
}
