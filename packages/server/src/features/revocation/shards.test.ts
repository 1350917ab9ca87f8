import { AppError } from '@sekisho/core/errors.ts';
import { CRL_SHARD_CERTIFICATES_MAX } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { bundlePayload } from '@sekisho/core/wire/documents.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { parseCrl, verifyCrl, type CrlEntry } from '@sekisho/pki/crl.ts';
import { signCrl } from '@sekisho/pki/sign-crl.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCrlAside, CrlThread, ENTRIES_HERE_MAX } from './build-crl-aside.ts';
import { crlPath } from './crl-path.ts';
import { CrlWatch } from './watch-crls.ts';

const get = (trust: TrustServer, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${trust.server.ports.http}${path}`, { headers });

async function listAt(trust: TrustServer, path: string) {
  const answer = await get(trust, path);
  assert.equal(answer.status, 200, path);
  const crl = parseCrl(new Uint8Array(await answer.arrayBuffer()));
  verifyCrl(crl, trust.server.context.keys.certificateOf('issuing'));
  return crl;
}

async function bundleOf(trust: TrustServer) {
  const newest = await trust.server.context.documents.latest('bundle', '');
  return bundlePayload.parse(
    JSON.parse(Buffer.from(newest?.jws.split('.')[1] ?? '', 'base64url').toString()),
  );
}

eachStore((dialect) => {
  test('T-41 a full shard is followed by the next; each list is for its own certificates, and the bundle names all', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { keys, shards, store } = trust.server.context;
    const issuer = keys.certificateOf('issuing').keyId;
    const token = await trust.token({ usesMax: 2 });
    const before = shards.current(issuer).shard;
    const first = await trust.enrol({ name: 'first.example' }, { token });
    await store.db
      .updateTable('crl_shards')
      .set({ certificates: CRL_SHARD_CERTIFICATES_MAX })
      .where('shard', '=', before)
      .execute();
    await eventually('the next shard is open', async () => {
      await clock.advance(16 * SECOND_MS);
      return shards.current(issuer).shard > before ? true : undefined;
    });
    const second = await trust.enrol({ name: 'second.example' }, { token });
    const [one, two] = [crlPath(issuer, before), crlPath(issuer, before + 1)];
    const pathsOf = (urls: readonly string[]): string[] => [
      ...new Set(urls.map((url) => new URL(url).pathname)),
    ];
    assert.deepEqual(pathsOf(first.certificate.crlUrls), [one]);
    assert.deepEqual(pathsOf(second.certificate.crlUrls), [two]);
    const paths = (await bundleOf(trust)).crls.map(({ path }) => path);
    for (const path of [one, two, crlPath(keys.certificateOf('root').keyId, 0)])
      assert.ok(paths.includes(path));

    await trust.call(revokeHost, { params: { id: first.hostId }, body: { reason: 'keyCompromise' } });
    const [oneList, twoList] = [await listAt(trust, one), await listAt(trust, two)];
    assert.deepEqual([...oneList.serials], [first.certificate.serial]);
    assert.deepEqual([...twoList.serials], []);
    assert.deepEqual(oneList.scope, { uris: first.certificate.crlUrls, onlyUserCertificates: true });
    assert.deepEqual(twoList.scope.uris, second.certificate.crlUrls);
    await trust.call(revokeHost, { params: { id: second.hostId }, body: { reason: 'superseded' } });
    assert.deepEqual([...(await listAt(trust, two)).serials], [second.certificate.serial]);
    const { number } = await listAt(trust, two);
    assert.ok(number > oneList.number, 'numbers go up over all shards');
    // what has not changed is not sent again
    const again = await get(trust, two, { 'if-none-match': `"${number}"` });
    assert.deepEqual([again.status, (await again.arrayBuffer()).byteLength], [304, 0]);
    assert.equal((await get(trust, crlPath(issuer, 99))).status, 404);
  });

  test('T-44 a list that is not renewed is an event days before it ends, and another one then', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { store } = trust.server.context;
    let nowMs = clock.nowMs();
    const later = Object.assign(Object.create(clock) as FakeClock, { nowMs: () => nowMs });
    const watch = new CrlWatch({ ...trust.server.context, clock: later });
    const events = async (): Promise<string[]> => {
      await watch.look(() => Promise.resolve());
      await watch.look(() => Promise.resolve());
      const rows = await store.db
        .selectFrom('outbox')
        .select('kind')
        .where('kind', 'like', 'crl.%')
        .execute();
      return rows.map(({ kind }) => kind);
    };
    assert.deepEqual(await events(), []);
    nowMs += 3.9 * DAY_MS;
    assert.deepEqual(await events(), []);
    nowMs += 0.2 * DAY_MS;
    const late = await events();
    assert.ok(late.length > 1 && late.every((kind) => kind === 'crl.late'));
    nowMs += 3 * DAY_MS;
    const all = await events();
    assert.equal(all.filter((kind) => kind === 'crl.stale').length, late.length);
  });
});

test('T-41 T-08 a long list is built on another thread, is the same list, and is linted there', async (t) => {
  const nowMs = Date.UTC(2026, 0, 15);
  const { issuing } = await TestAuthority.create({ nowMs });
  const entries = Array.from({ length: ENTRIES_HERE_MAX + 500 }, (_, n): CrlEntry => ({
    serial: (0x7000_0000_0000 + n * 7919).toString(16),
    revokedAtMs: nowMs - (n % 1000) * 61_000,
    reason: n % 2 === 0 ? 'keyCompromise' : 'unspecified',
  }));
  async function* pages(all: readonly CrlEntry[]): AsyncGenerator<readonly CrlEntry[]> {
    for (let at = 0; at < all.length; at += 700) yield await Promise.resolve(all.slice(at, at + 700));
  }
  const head = {
    algorithm: issuing.signer.algorithm,
    number: 7,
    thisUpdateMs: nowMs - DAY_MS,
    nextUpdateMs: nowMs + DAY_MS,
    scope: { uris: ['http://server.example/crl/x-1.crl'], onlyUserCertificates: true },
  };
  const thread = new CrlThread();
  t.after(() => thread.stop());
  const build = (all: readonly CrlEntry[]) =>
    buildCrlAside(thread, issuing.certificate, pages(all), () => head);
  const built = await build(entries);
  assert.equal(built.thisUpdateMs, nowMs, 'never before a revocation that is listed');
  assert.equal(built.entries, entries.length);
  const again = await build(entries);
  assert.deepEqual(again.tbsDer, built.tbsDer, 'the next list begins anew');
  const here = await signCrl({ ...head, issuer: issuing, thisUpdateMs: nowMs, entries });
  assert.ok(Buffer.from(here).includes(Buffer.from(built.tbsDer)));
  await assert.rejects(
    build([...entries, entries[0]!]),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'ISSUANCE_LINT_REFUSED' &&
      String(error.params['findings']).includes('R6'),
  );
});
