import type { AdministratorId } from '@sekisho/core/ids.ts';
import { rightsOf, type Reach, type Right } from '@sekisho/core/rules/rights.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { readGroupsBelow, type GroupsBelow } from '../groups/groups-below.ts';
import { findAdministrator, readGrants } from './administrator-rows.ts';

/** What an administrator may do now, read from the database; undefined: disabled or unknown. */
export async function rightsOfAdministrator(
  db: DbOrTx,
  administratorId: AdministratorId,
  below?: GroupsBelow,
): Promise<ReadonlyMap<Right, Reach> | undefined> {
  const row = await findAdministrator(db, administratorId);
  if (row === undefined || row.disabledAtMs !== null) return undefined;
  return rightsOf(await readGrants(db, administratorId), below ?? (await readGroupsBelow(db)));
}
