import type { DbOrTx } from '../../store/tables.ts';
import { readSecuritySettings } from '../security/read-security-settings.ts';
import { countLegacyHosts } from './legacy-rows.ts';

/** T-50 Is the setting on, and is there any legacy host that backs itself up? Only then does a media server listen for them. */
export async function letsLegacyIn(db: DbOrTx): Promise<boolean> {
  const { insecureCommunication } = await readSecuritySettings(db);
  return insecureCommunication && (await countLegacyHosts(db, 'client')) > 0;
}
