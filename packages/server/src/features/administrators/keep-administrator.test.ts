import { AppError } from '@sekisho/core/errors.ts';
import { addAdministrator } from '@sekisho/testkit/administrators.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkIdentity } from '../oidc/link-identity.ts';
import { updateAdministrator } from './administrator-rows.ts';

const isLast = (error: unknown): boolean => error instanceof AppError && error.code === 'LAST_ADMINISTRATOR';

eachStore((_dialect, open) => {
  test('S-04 the last administrator of the domain does not lose the only way in', async (t) => {
    const { store, clock } = await open(t);
    const context = { store, clock };
    const actor = { name: 'local', origin: 'local' };
    const grants = [{ role: 'administrator', groupId: null }] as const;
    const [office, shop] = [
      await addAdministrator(store, 'office', grants),
      await addAdministrator(store, 'shop', grants),
    ];
    const identity = { issuer: 'https://login.example', subject: 'one' };
    await linkIdentity(context, actor, office, identity);
    await assert.rejects(linkIdentity(context, actor, office, null), isLast);
    assert.deepEqual((await linkIdentity(context, actor, office, identity)).oidc, identity);
    await store.transaction((tx) => updateAdministrator(tx, shop, { passwordHash: 'a hash' }));
    assert.equal((await linkIdentity(context, actor, office, null)).oidc, null);
  });
});
