import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { openSecret } from '@sekisho/pki/envelope.ts';
import { keyIdOfSpki, privateKeyFromPem, spkiOf } from '@sekisho/pki/keys.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { keyContext } from './key-store.ts';
import { listKeys } from './keys.store.ts';

/**
 * F-34 Keys in use whose stored certificate or private key is not what it should be. `keyIdOf` opens an envelope and says the ID of the
 * private key in it; undefined when it does not open or holds no key.
 */
export async function findDamagedKeys(
  db: DbOrTx,
  keyIdOf: (sealed: string, context: string) => string | undefined,
): Promise<{ role: string; keyId: string; detail: string }[]> {
  const rows = (await listKeys(db)).filter(({ state }) => state === 'active' || state === 'next');
  return rows.flatMap(({ role, keyId, certificate, sealed, fingerprint }) => {
    const read = readCertificate(certificate);
    const detail =
      read === undefined
        ? 'the certificate cannot be read'
        : read.keyId !== keyId || read.fingerprint !== fingerprint
          ? 'the certificate is another one than was stored'
          : sealed !== null && keyIdOf(sealed, keyContext(keyId)) !== keyId
            ? 'the private key cannot be read, or belongs to another certificate'
            : undefined;
    return detail === undefined ? [] : [{ role, keyId, detail }];
  });
}

/** The ID of the private key in an envelope; undefined when it does not open or holds none. */
export function keyIdOfSealed(kek: Secret<Uint8Array>, sealed: string, keyId: string): string | undefined {
  try {
    const pem = Buffer.from(openSecret(kek.reveal(), sealed, keyContext(keyId))).toString('utf8');
    return keyIdOfSpki(spkiOf(privateKeyFromPem(pem)));
  } catch {
    return undefined; // that is what is asked
  }
}

function readCertificate(der: string) {
  try {
    return parseCertificate(Buffer.from(der, 'base64'));
  } catch {
    return undefined; // that is what is asked
  }
}
