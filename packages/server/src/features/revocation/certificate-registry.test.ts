import { parseSha256Hex } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { ProtectionDomain } from '@sekisho/testkit/protection-domain.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import type { Compilable } from 'kysely';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { CertificateRegistry } from './certificate-registry.ts';

eachStore((_dialect, open) => {
  test('T-42 a revocation that comes while the registry is filled is not taken back by what was read before it', async (t) => {
    const domain = await ProtectionDomain.open(t, open);
    const host = await domain.host('host', { certificate: false });
    const fingerprint = parseSha256Hex(await domain.certify(host))!;
    const feed = new ChangeFeed({ store: domain.store, clock: domain.clock, log: silentLog() });
    await feed.start();
    t.after(() => feed.stop());
    // the page of the filling is read, and arrives only after the revocation was committed and told
    let isLate = false;
    const store = laterRows(domain.store, async () => {
      if (isLate) return;
      isLate = true;
      await domain.revoke(host);
      await feed.catchUp();
    });
    const registry = new CertificateRegistry({ store, clock: domain.clock });
    await registry.start(feed);
    assert.equal(registry.lookup(fingerprint)?.revoked, true);
  });
});

/** The store, with something that happens between a read and the arrival of its rows. */
function laterRows(store: Store, meanwhile: () => Promise<void>): Store {
  const db = store.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      await meanwhile();
      return result;
    },
  });
  const { scan } = store;
  return {
    ...store,
    db,
    scan:
      scan &&
      (async <Row>(query: Compilable<Row>, take: (row: Row) => void) => {
        const rows: Row[] = [];
        await scan<Row>(query, (row) => rows.push(row));
        await meanwhile();
        rows.forEach(take);
      }),
  };
}
