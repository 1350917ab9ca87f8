import { parseSha256Hex, type Sha256Hex } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listKeys } from './keys.store.ts';

/**
 * The public keys that management server lists name beside the domain's CA: while a TLS certificate is updated, the old and the new one
 * (so that the list announces it, F-31.1); of a certificate from outside, its own for as long as it is in use.
 */
export async function tlsPins(db: DbOrTx): Promise<Sha256Hex[]> {
  const keys = (await listKeys(db)).filter(
    ({ role, state }) =>
      role === 'server-tls' && (state === 'next' || state === 'active' || state === 'retiring'),
  );
  const named = keys.length > 1 ? keys : keys.filter(({ chain }) => chain !== null);
  return named.flatMap(({ keyId }) => parseSha256Hex(keyId) ?? []).sort();
}
