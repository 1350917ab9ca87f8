import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import { readList, type CrlStore } from '../revocation/crl-store.ts';

/**
 * Makes the CRL stores of simulated agents. Each fetches the lists for itself and echoes the number that it has confirmed, but
 * they are parsed, verified and held once for all.
 */
export function createSharedCrls(): (issuers: () => readonly Certificate[]) => CrlStore {
  const held = new RevocationSet();
  /** SHA-256 of the lists that were taken, and their numbers. */
  const taken = new Map<string, number>();

  function take(
    list: BundlePayload['crls'][number],
    der: Uint8Array,
    issuers: readonly Certificate[],
  ): number {
    const hash = `${list.path} ${sha256Hex(der)}`;
    const known = taken.get(hash);
    if (known !== undefined) return known;
    const { crl, issuer } = readList(list, der, issuers);
    held.add(crl, issuer);
    // older ones are not served any more
    if (taken.size >= TAKEN_MAX) taken.clear();
    taken.set(hash, crl.number);
    return crl.number;
  }

  return (issuers) => {
    let number = 0;
    const numbers = new Map<string, number>();
    return {
      get number() {
        return number;
      },
      get nextUpdateMs() {
        return held.nextUpdateMs;
      },
      isRevoked: (issuerKeyId, serial) => held.isRevoked(issuerKeyId, serial),
      freshness: (issuerKeyId, crlUrls) => held.listFor(issuerKeyId, crlUrls),
      numberOf: ({ path }) => numbers.get(path),
      offer(list, der) {
        try {
          const next = take(list, der, issuers());
          const changed = next !== numbers.get(list.path);
          numbers.set(list.path, next);
          return Promise.resolve(changed);
        } catch (error) {
          return Promise.reject(error instanceof Error ? error : new Error(String(error)));
        }
      },
      confirm(lists) {
        number = Math.max(0, ...lists.map(({ path }) => numbers.get(path) ?? 0));
        return Promise.resolve();
      },
    };
  };
}

const TAKEN_MAX = 1_024;
