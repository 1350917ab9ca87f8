import { AppError } from '@sekisho/core/errors.ts';
import { attachRoot, detachRoot, exportRoot, getRoot } from '@sekisho/core/wire/root.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const PASSPHRASE = 'correct horse battery staple';
const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

eachStore((dialect) => {
  test('T-01 the root is detached, hosts enrol without it, and it comes back for its own acts', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { package: text, fingerprint } = await trust.call(exportRoot, { body: { passphrase: PASSPHRASE } });
    assert.equal(fingerprint, trust.caFingerprint);
    assert.ok(!text.includes('PRIVATE KEY'));
    const proof = { passphrase: PASSPHRASE, package: text };
    const detached = await trust.call(detachRoot, { body: proof });
    assert.equal(detached.state, 'detached');

    const { keys, store } = trust.server.context;
    assert.throws(() => keys.signerFor('root'), refusedWith('KEY_DETACHED'));
    const row = await store.db
      .selectFrom('ca_keys')
      .select('sealed')
      .where('role', '=', 'root')
      .executeTakeFirst();
    assert.equal(row?.sealed, null);
    await trust.enrol({ name: 'after-the-detaching' }, { token: await trust.token() });

    await trust.restart();
    assert.equal((await trust.call(getRoot)).state, 'detached');
    await trust.enrol({ name: 'after-a-restart' }, { token: await trust.token() });
    assert.equal((await trust.call(attachRoot, { body: proof })).state, 'attached');
    assert.ok(trust.server.context.keys.signerFor('root'));

    const { rows } = await trust.call(listAudit);
    const acts = rows.map(({ act }) => act).filter((act) => act.endsWith('-root'));
    assert.deepEqual(acts, ['attach-root', 'detach-root', 'export-root']);
  });

  test('T-01 only a package that opens and holds this very root lets the key go', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const other = await TrustServer.start(t, { dialect });
    const { package: text } = await trust.call(exportRoot, { body: { passphrase: PASSPHRASE } });
    const foreign = await other.call(exportRoot, { body: { passphrase: PASSPHRASE } });
    const cases = [
      { passphrase: `${PASSPHRASE}!`, package: text, code: 'PASSPHRASE_WRONG' },
      { passphrase: PASSPHRASE, package: text.slice(0, -40), code: 'ROOT_PACKAGE_DAMAGED' },
      {
        passphrase: PASSPHRASE,
        package: text.replace(/"sha256": "./, '"sha256": "x'),
        code: 'ROOT_PACKAGE_DAMAGED',
      },
      { passphrase: PASSPHRASE, package: foreign.package, code: 'ROOT_PACKAGE_OTHER' },
    ];
    for (const { code, ...body } of cases)
      await assert.rejects(trust.call(detachRoot, { body }), refusedWith(code));
    assert.equal((await trust.call(getRoot)).state, 'attached');
    await assert.rejects(
      trust.call(attachRoot, { body: { passphrase: PASSPHRASE, package: text } }),
      refusedWith('ROOT_ATTACHED_ALREADY'),
    );
    await assert.rejects(
      trust.call(exportRoot, { body: { passphrase: 'short' } }),
      refusedWith('BODY_INVALID'),
    );
  });
});
