import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { readSecurity } from './security.store.ts';

/** The security settings as they stand in this transaction. A row that cannot be read stops whoever asks (fail closed). */
export const readSecuritySettings = (db: DbOrTx): Promise<SecuritySettings> => readSecurity(db);
