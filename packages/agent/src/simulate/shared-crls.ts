import { AppError } from '@sekisho/core/errors.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl } from '@sekisho/pki/crl.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import type { CrlStore } from '../revocation/crl-store.ts';

/**
 * Makes the CRL stores of simulated agents. Each fetches the lists for itself and echoes the number that it has fetched, but
 * they are parsed, verified and held once for all.
 */
export function createSharedCrls(): (issuers: () => readonly Certificate[]) => CrlStore {
  const held = new RevocationSet();
  /** SHA-256 of the lists that were taken, and their numbers. */
  const taken = new Map<string, number>();

  function take(der: Uint8Array, issuers: readonly Certificate[]): number {
    const hash = sha256Hex(der);
    const known = taken.get(hash);
    if (known !== undefined) return known;
    const crl = parseCrl(der);
    const issuer = issuers.find((one) => Buffer.compare(one.subjectDer, crl.issuerDer) === 0);
    if (issuer === undefined) throw new AppError('CRL_ISSUER_WRONG');
    held.add(crl, issuer);
    // older ones are not served any more
    if (taken.size >= TAKEN_MAX) taken.clear();
    taken.set(hash, crl.number);
    return crl.number;
  }

  return (issuers) => {
    let number = 0;
    return {
      get number() {
        return number;
      },
      get nextUpdateMs() {
        return held.nextUpdateMs;
      },
      isRevoked: (issuerKeyId, serial) => held.isRevoked(issuerKeyId, serial),
      freshness: (issuerKeyId) => held.listOf(issuerKeyId),
      offer(der) {
        try {
          const next = Math.max(number, take(der, issuers()));
          const changed = next !== number;
          number = next;
          return Promise.resolve(changed);
        } catch (error) {
          return Promise.reject(error instanceof Error ? error : new Error(String(error)));
        }
      },
    };
  };
}

const TAKEN_MAX = 256;
