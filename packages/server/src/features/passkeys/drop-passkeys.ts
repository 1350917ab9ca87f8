import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';

/** Every passkey of an administrator goes: whoever made one in their name signs in with it no more. */
export async function dropPasskeys(tx: Tx, administratorId: AdministratorId): Promise<void> {
  await tx.deleteFrom('passkeys').where('administrator_id', '=', administratorId).execute();
}
