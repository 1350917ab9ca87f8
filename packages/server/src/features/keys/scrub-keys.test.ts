import { silentLog } from '@sekisho/platform/log.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { sql } from 'kysely';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insertKey, setKeyState } from './keys.store.ts';
import { scrubKeys } from './scrub-keys.ts';

eachStore((dialect, open) => {
  if (dialect === 'sqlite') return; // open-store.test.ts: its file is overwritten by itself

  test('F-38 a private key that is destroyed leaves nothing in the file of its table, sealed as it was', async (t) => {
    const { store } = await open(t);
    const sealedOf = (keyId: string): string => `sealed-${keyId}-${'x'.repeat(300)}`;
    await store.transaction(async (tx) => {
      for (const keyId of ['one', 'two']) {
        const names = { certificate: keyId, fingerprint: keyId, state: 'active' };
        const key = { keyId, role: 'server-tls', algorithm: 'p256', sealed: sealedOf(keyId), ...names };
        await insertKey(tx, key, 1);
      }
    });
    await store.transaction((tx) => setKeyState(tx, 'two', 'destroyed', 2));
    const lies = async (keyId: string): Promise<boolean> => {
      await sql`CHECKPOINT`.execute(store.db);
      const { rows } = await sql<{ at: number }>`
        SELECT position(convert_to(${sealedOf(keyId)}, 'UTF8')
          IN pg_read_binary_file(pg_relation_filepath('ca_keys'))) AS at`.execute(store.db);
      return (rows[0]?.at ?? 0) > 0;
    };
    assert.deepEqual([await lies('one'), await lies('two')], [true, true], 'a dead row is still there');
    // a dead row that somebody's older snapshot may still see stays until the next time
    await eventually('it is gone', async () => {
      await scrubKeys({ store, log: silentLog() });
      return (await lies('two')) ? undefined : true;
    });
    assert.equal(await lies('one'), true);
  });
});
