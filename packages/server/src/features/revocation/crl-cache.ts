import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { crlPath } from './crl-path.ts';
import { readCrlBytes } from './crl-parts.store.ts';
import { listNewestCrls, type CrlHeadRow } from './crl.store.ts';

/** A list as it is served. */
export interface ServedCrl extends CrlHeadRow {
  readonly der: Uint8Array;
}

/** The newest list of each shard, in memory: what port 8014 serves. */
export interface CrlCache {
  get(path: string): ServedCrl | undefined;
  /** All lists of an issuer. */
  ofIssuer(issuerKeyId: string): readonly ServedCrl[];
}

/** A list may be replaced while it is read. */
const TRIES_MAX = 10;

/**
 * Fills the cache; the feed runs already. All lists change at once, to what they were at one moment: nobody finds a list with a number
 * while one with a lower number is not there yet (T-44).
 */
export async function startCrlCache({ store, feed }: { store: Store; feed: ChangeFeed }): Promise<CrlCache> {
  let served: ReadonlyMap<string, ServedCrl> = new Map();
  const fill = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      const next = await readAll(store, served);
      if (next === undefined && tries < TRIES_MAX) continue;
      if (next === undefined) throw new Error('the revocation lists change faster than they can be read');
      served = next;
      return;
    }
  };
  feed.subscribeMany(['crl'], fill, fill);
  await fill();
  return {
    get: (path) => served.get(path),
    ofIssuer: (issuerKeyId) => [...served.values()].filter((crl) => crl.issuerKeyId === issuerKeyId),
  };
}

async function readAll(
  store: Store,
  before: ReadonlyMap<string, ServedCrl>,
): Promise<ReadonlyMap<string, ServedCrl> | undefined> {
  const next = new Map<string, ServedCrl>();
  for (const head of await listNewestCrls(store.db)) {
    const path = crlPath(head.issuerKeyId, head.shard);
    const known = before.get(path);
    const der = known?.number === head.number ? known.der : await readCrlBytes(store.db, head);
    if (der === undefined) return undefined;
    next.set(path, { ...head, der });
  }
  return next;
}
