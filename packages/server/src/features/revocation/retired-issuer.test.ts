import { SHARD_KEPT_MS } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl } from '@sekisho/pki/crl.ts';
import { issueIssuingCa } from '@sekisho/pki/issue.ts';
import { generatePrivateKey, privateKeyToPem } from '@sekisho/pki/keys.ts';
import { ocspRefusal } from '@sekisho/pki/ocsp-response.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { publishLists } from '../domain/publish-trust.ts';
import { KEYS_CHANGE_KEY, keyContext } from '../keys/key-store.ts';
import { insertKey } from '../keys/keys.store.ts';
import { renewOcspSigners } from '../keys/ocsp-signer.ts';
import { crlPath } from './crl-path.ts';
import { CrlSigner } from './crl-signer.ts';
import { OcspResponder } from './ocsp-responder.ts';

const run = promisify(execFile);
const noFence = (): Promise<void> => Promise.resolve();

/** Another issuing CA issues from now on; the one before keeps its key for lists. */
async function replaceIssuingCa({ clock, feed, keys, store }: ServerContext): Promise<void> {
  const before = keys.certificateOf('issuing');
  const privateKey = await generatePrivateKey('p256');
  const { algorithm, spkiDer } = fileSigner(privateKey);
  const nowMs = clock.nowMs();
  const certificate = await issueIssuingCa({
    name: 'Test',
    spkiDer,
    issuer: { certificate: keys.certificateOf('root'), signer: keys.signerFor('root') },
    serial: systemRandom.bytes(16),
    notBeforeMs: keys.certificateOf('root').notBeforeMs,
    notAfterMs: nowMs + 3650 * DAY_MS,
  });
  const { keyId, fingerprint } = certificate;
  const sealed = keys.seal(Buffer.from(privateKeyToPem(privateKey)), keyContext(keyId));
  await store.transaction(async (tx) => {
    await tx
      .updateTable('ca_keys')
      .set({ state: 'retired', retired_at_ms: nowMs })
      .where('key_id', '=', before.keyId)
      .execute();
    const der = Buffer.from(certificate.der).toString('base64');
    const row = { keyId, role: 'issuing', algorithm, sealed, certificate: der, fingerprint };
    await insertKey(tx, { ...row, state: 'active' }, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
  });
  await feed.catchUp();
  assert.equal(keys.certificateOf('issuing').keyId, keyId);
}

/** What the duty of the CA does in each round. */
async function round(context: ServerContext, clock = context.clock): Promise<void> {
  await publishLists({ ...context, clock }, noFence);
  await renewOcspSigners({ ...context, clock });
  await new CrlSigner({ ...context, clock }).signDue();
  await context.feed.catchUp();
}

async function listOf(trust: TrustServer, host: Identity, issuer: Certificate): Promise<string[]> {
  const path = new URL(host.certificate.crlUrls[0] ?? '').pathname;
  assert.ok(path.startsWith(crlPath(issuer.keyId, 1).slice(0, -'1.crl'.length)), 'the list is of its issuer');
  const answer = await fetch(`http://127.0.0.1:${trust.server.ports.http}${path}`);
  const crl = parseCrl(new Uint8Array(await answer.arrayBuffer()));
  verifyCrl(crl, issuer);
  return [...crl.serials];
}

/** openssl's own client, about a certificate of this issuer. */
async function opensslOf(t: TestContext, trust: TrustServer) {
  const folder = await tempFolder(t);
  const file = async (name: string, certificate: Certificate): Promise<string> => {
    await writeFile(join(folder, name), certificateToPem(certificate.der));
    return join(folder, name);
  };
  const root = await file('root.pem', trust.server.context.keys.certificateOf('root'));
  const about = async (host: Identity, issuer: Certificate): Promise<string[]> => {
    const issuerFile = await file('issuer.pem', issuer);
    const trusted = ['-CAfile', root, '-verify_other', issuerFile, '-no_nonce'];
    return ['ocsp', '-issuer', issuerFile, '-cert', await file('leaf.pem', host.certificate), ...trusted];
  };
  return {
    ask: async (host: Identity, issuer: Certificate): Promise<string> => {
      const url = `http://127.0.0.1:${trust.server.ports.http}/ocsp`;
      const { stdout, stderr } = await run('openssl', [...(await about(host, issuer)), '-url', url]);
      return `${stderr}${stdout}`;
    },
    request: async (host: Identity, issuer: Certificate): Promise<Uint8Array> => {
      const out = join(folder, 'request.der');
      await run('openssl', [...(await about(host, issuer)), '-reqout', out]);
      return readFile(out);
    },
  };
}

eachStore((dialect) => {
  test('T-41 an issuing CA that another followed goes on with lists and OCSP until its last leaf has expired', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: systemClock });
    const { context } = trust.server;
    const { keys, store } = context;
    const old = keys.certificateOf('issuing');
    const token = await trust.token({ usesMax: 3 });
    const early = await trust.enrol({ name: 'early.example' }, { token });
    const kept = await trust.enrol({ name: 'kept.example' }, { token });
    await replaceIssuingCa(context);
    await round(context);
    const now = keys.certificateOf('issuing');
    const late = await trust.enrol({ name: 'late.example' }, { token });
    assert.equal(late.certificate.authorityKeyId, now.subjectKeyId);
    const openShards = () =>
      store.db.selectFrom('crl_shards').select('issuer_key_id').where('closed_at_ms', 'is', null).execute();
    assert.deepEqual(
      (await openShards()).map((row) => row.issuer_key_id).sort(),
      [now.keyId, keys.certificateOf('root').keyId].sort(),
    );

    for (const host of [early, late])
      await trust.call(revokeHost, { params: { id: host.hostId }, body: { reason: 'keyCompromise' } });
    assert.deepEqual(await listOf(trust, early, old), [early.certificate.serial]);
    assert.deepEqual(await listOf(trust, late, now), [late.certificate.serial]);
    const openssl = await opensslOf(t, trust);
    for (const [host, issuer, said] of [
      [early, old, 'revoked'],
      [kept, old, 'good'],
      [late, now, 'revoked'],
    ] as const)
      assert.match(
        await openssl.ask(host, issuer),
        new RegExp(`Response verify OK[^]*leaf.pem: ${said}`),
        `${host.certificate.subjectCn} is ${said}`,
      );
    const counted = await context.metrics.text();
    assert.match(
      counted,
      /http_requests_total\{listener="plain",method="POST",route="\/ocsp",status="200"\} 3/,
    );

    // half of a list's life later both are renewed; the keys of responders are young in both CAs
    const after = (ms: number) => ({ ...systemClock, nowMs: () => systemClock.nowMs() + ms });
    const numberOf = async (issuer: Certificate): Promise<number> =>
      Number(
        (
          await store.db
            .selectFrom('crls')
            .select((row) => row.fn.max('number').as('number'))
            .where('issuer_key_id', '=', issuer.keyId)
            .executeTakeFirstOrThrow()
        ).number,
      );
    const [oldNumber, responder] = [await numberOf(old), keys.responderOf(old)?.certificate.serial];
    await round(context, after(8 * DAY_MS));
    assert.ok((await numberOf(old)) > oldNumber);
    assert.notEqual(keys.responderOf(old)?.certificate.serial, responder);
    assert.notEqual(keys.responderOf(now), undefined);

    const end = after(SHARD_KEPT_MS + DAY_MS);
    await round(context, end);
    const shards = await store.db.selectFrom('crl_shards').select('issuer_key_id').distinct().execute();
    assert.ok(!shards.some((row) => row.issuer_key_id === old.keyId), 'its lists are of no use any more');
    assert.equal(keys.responderOf(old), undefined);
    const over = await new OcspResponder({ ...context, clock: end }).answer(
      await openssl.request(kept, old),
      '192.0.2.1',
    );
    assert.deepEqual(over.der, ocspRefusal('unauthorized'));
  });
});
