import { securitySettings, type SecuritySettings } from '@sekisho/core/wire/trust.ts';
import { z } from 'zod';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { SECURITY_DEFAULTS } from './security-defaults.ts';

const KEY = 'security';
/** Settings that came later keep their defaults. */
const storedObject = z.record(z.string(), z.unknown());

/** The domain's security settings; the defaults for what was never set. */
export async function readSecurity(db: DbOrTx): Promise<SecuritySettings> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst();
  if (row === undefined) return SECURITY_DEFAULTS;
  return securitySettings.parse({ ...SECURITY_DEFAULTS, ...storedObject.parse(JSON.parse(row.value)) });
}

export async function writeSecurity(tx: Tx, settings: SecuritySettings, nowMs: number): Promise<void> {
  const value = JSON.stringify(settings);
  await tx
    .insertInto('settings')
    .values({ key: KEY, value, changed_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value, changed_at_ms: nowMs }))
    .execute();
}
