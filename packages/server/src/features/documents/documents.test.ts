import { parseDomainId } from '@sekisho/core/ids.ts';
import { getDocument } from '@sekisho/core/wire/agent.ts';
import { verifyDocument } from '@sekisho/pki/documents.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { DOCUMENT_VERSIONS_MAX } from './documents.store.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleContent } from '../domain/trust-bundle.ts';

eachStore((dialect) => {
  test('the same content makes no new document; other content gets a higher serial, also when the clock went back', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { store, documents, keys, feed } = trust.server.context;
    const make = (httpPort: number): Promise<number> =>
      store.transaction((tx) => documents.make(tx, 'bundle', '', bundleContent(keys, httpPort, [])));
    const first = await make(1111);
    assert.equal(await make(1111), first);
    clock.jump(-3_600_000);
    const second = await make(2222);
    assert.equal(second, first + 1);
    clock.jump(7_200_000);
    // going back means a higher serial with older content
    const third = await make(1111);
    assert.equal(third, clock.nowMs());
    await feed.catchUp();
    assert.equal(documents.latestSerial('bundle', ''), third);
    assert.equal((await documents.latest('bundle', ''))?.serial, third);
  });

  test('invariant 8: of each document the newest versions are kept', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { store, documents, keys } = trust.server.context;
    for (let count = 0; count < DOCUMENT_VERSIONS_MAX + 2; count += 1)
      await store.transaction((tx) =>
        documents.make(tx, 'bundle', '', bundleContent(keys, 4000 + count, [])),
      );
    const rows = await store.db
      .selectFrom('documents')
      .select('serial')
      .where('type', '=', 'bundle')
      .execute();
    assert.equal(rows.length, DOCUMENT_VERSIONS_MAX);
    const newest = await documents.latest('bundle', '');
    assert.equal(newest?.serial, Math.max(...rows.map(({ serial }) => serial)));
  });

  test('a document of a transaction that is rolled back was never there', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { store, documents, keys, feed } = trust.server.context;
    const before = await documents.latest('bundle', '');
    await assert.rejects(
      store.transaction(async (tx) => {
        await documents.make(tx, 'bundle', '', bundleContent(keys, 4444, []));
        throw new Error('no');
      }),
      /no/,
    );
    await feed.catchUp();
    assert.deepEqual(await documents.latest('bundle', ''), before);
  });

  test('T-01 a host fetches bundle and list over its certificate, and each verifies against the pinned root', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { domain, keys, clock } = trust.server.context;
    const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    const domainId = parseDomainId(domain.id);
    assert.ok(domainId !== undefined);
    const fetch = async (type: 'bundle' | 'list'): Promise<string> => {
      const answer = await trust.agentRequest({ path: `/v1/agent/documents/${type}`, tls: host.tls });
      return getDocument.reply.parse(JSON.parse(answer.body)).jws;
    };
    const expected = { domainId, anchors: [...keys.anchors()], nowMs: clock.nowMs() };
    const bundle = await verifyDocument(await fetch('bundle'), { ...expected, type: 'bundle' });
    assert.equal(bundle.payload.httpPort, trust.server.ports.http);
    const list = await verifyDocument(await fetch('list'), { ...expected, type: 'list' });
    assert.deepEqual(
      list.payload.servers.map(({ address, port, serverId }) => [address, port, serverId]),
      ['server.example', '127.0.0.1'].map((address) => [address, trust.server.ports.agent, domain.serverId]),
    );
    const strange = await trust.agentRequest({ path: '/v1/agent/documents/order', tls: host.tls });
    assert.equal(strange.status, 400);
  });
});
