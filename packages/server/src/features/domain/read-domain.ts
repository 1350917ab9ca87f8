import { AppError } from '@sekisho/core/errors.ts';
import type { DomainFacts } from '../../context.ts';
import type { DbOrTx } from '../../store/tables.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { findDomain } from './domain.store.ts';

/** The domain of this database. Refusal: DATABASE_EMPTY. */
export async function readDomainFacts(db: DbOrTx, keys: KeyStore): Promise<DomainFacts> {
  const row = await findDomain(db);
  if (row === undefined) throw new AppError('DATABASE_EMPTY');
  return {
    ...row,
    get caFingerprint() {
      return keys.certificateOf('root').fingerprint;
    },
  };
}
