import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { findLatestCrl, type CrlRow } from './crl.store.ts';

/** The newest CRL of each issuer, in memory: what port 8014 serves. */
export interface CrlCache {
  get(issuerKeyId: string): CrlRow | undefined;
}

/** Where an issuer's CRL is, on the plain port. */
export const crlPath = (issuerKeyId: string): string => `/crl/${issuerKeyId}.crl`;

/** Fills the cache; the feed runs already. */
export async function startCrlCache(parts: {
  store: Store;
  feed: ChangeFeed;
  keys: KeyStore;
}): Promise<CrlCache> {
  const crls = new Map<string, CrlRow>();
  const fill = async (): Promise<void> => {
    for (const { keyId } of [...parts.keys.anchors(), ...parts.keys.issuers()]) await refresh(keyId);
  };
  const refresh = async (keyId: string): Promise<void> => {
    const newest = await findLatestCrl(parts.store.db, keyId);
    if (newest !== undefined) crls.set(keyId, newest);
  };
  parts.feed.subscribe(['crl'], ({ key }) => refresh(key), fill);
  await fill();
  return { get: (keyId) => crls.get(keyId) };
}
