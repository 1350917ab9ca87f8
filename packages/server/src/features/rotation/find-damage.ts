import { AppError } from '@sekisho/core/errors.ts';
import type { RotationFinding } from '@sekisho/core/wire/rotations.ts';
import { keyIdOfSpki, privateKeyFromPem, spkiOf } from '@sekisho/pki/keys.ts';
import type { FleetParts } from '../../context.ts';
import { findDamagedKeys } from '../keys/find-damaged-keys.ts';

const KIND_OF = { root: 'ca', issuing: 'ca', 'server-tls': 'tls', 'document-signer': 'signing' } as const;

/** F-34 Keys and certificates that are there and damaged: they come back from a backup rather than being replaced. */
export async function findDamage({
  keys,
  store,
}: Pick<FleetParts, 'keys' | 'store'>): Promise<RotationFinding[]> {
  const damaged = await findDamagedKeys(store.db, (sealed, context) => {
    try {
      const pem = Buffer.from(keys.open(sealed, context)).toString('utf8');
      return keyIdOfSpki(spkiOf(privateKeyFromPem(pem)));
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  });
  return damaged.flatMap(({ role, detail }) =>
    role in KIND_OF
      ? [
          {
            code: 'ROTATION_KEY_DAMAGED',
            params: { role, detail, kind: KIND_OF[role as keyof typeof KIND_OF] },
          },
        ]
      : [],
  );
}
