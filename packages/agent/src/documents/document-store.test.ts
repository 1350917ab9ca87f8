import type { BundlePayload, ListPayload } from '@sekisho/core/wire/documents.ts';
import { parseGroupId, parseListId } from '@sekisho/core/ids.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore, type DocumentStore } from './document-store.ts';

const listId = parseListId('11111111-1111-4111-8111-111111111111')!;
const groupId = parseGroupId('22222222-2222-4222-8222-222222222222')!;

describe('document store', () => {
  let clock: FakeClock;
  let authority: TestAuthority;
  before(async () => {
    clock = new FakeClock();
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
  });

  const list = (serial: number, address = 'localhost', issuedAt = clock.nowMs()): Promise<string> => {
    const payload: ListPayload = {
      domain: authority.domainId,
      serial,
      issuedAt,
      list: listId,
      servers: [
        {
          priority: 1,
          serverId: authority.serverId,
          address,
          port: 13000,
          protocol: 'https',
          acceptedKeys: [],
        },
      ],
    };
    return authority.signDocument('list', payload);
  };
  const bundle = (serial: number, of = authority): Promise<string> => {
    const payload: BundlePayload = {
      domain: of.domainId,
      serial,
      issuedAt: clock.nowMs(),
      anchors: [
        {
          fingerprint: of.root.certificate.fingerprint,
          certificate: Buffer.from(of.root.certificate.der).toString('base64'),
          state: 'active',
        },
      ],
      intermediates: [Buffer.from(of.issuing.certificate.der).toString('base64')],
      links: [],
      signers: [],
      crls: [{ issuerKeyId: of.issuing.certificate.keyId, path: '/crl' }],
      httpPort: 8014,
    };
    return of.signDocument('bundle', payload);
  };
  const open = (folder: DataFolder): Promise<DocumentStore> =>
    openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: authority.domainId,
      clock,
      log: silentLog(),
    });
  async function freshFolder(t: TestContext): Promise<DataFolder> {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    await writeFile(folder.anchorsFile, certificateToPem(authority.root.certificate.der));
    return folder;
  }

  test('F-04 a serial only goes up: lower is refused, the same with other content is a fork', async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    const five = await list(5);
    assert.equal(await store.offer('list', five), 'adopt');
    assert.equal(await store.offer('list', five), 'same');
    assert.equal(await store.offer('list', await list(4)), 'lower');
    assert.equal(await store.offer('list', await list(5, 'other.example')), 'fork');
    assert.equal(store.serial('list'), 5);
    assert.equal(store.held('list')?.payload.servers[0]?.address, 'localhost');
    assert.equal(await store.offer('list', await list(6, 'other.example')), 'adopt');
  });

  test('F-12 documents survive a restart, also long after their signer has expired', async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    await store.offer('bundle', await bundle(1));
    await store.offer('list', await list(5));
    const late = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: authority.domainId,
      clock: { ...systemClock, nowMs: () => clock.nowMs() + 900 * 86_400_000 },
      log: silentLog(),
    });
    assert.deepEqual([late.serial('bundle'), late.serial('list')], [1, 5]);
    assert.equal(late.intermediates[0]?.fingerprint, authority.issuing.certificate.fingerprint);
    await assert.rejects(late.offer('list', await list(6)), { code: 'DOCUMENT_SIGNER_WRONG' });
  });

  test('F-12 what was signed again, by a certificate that is younger than the document, survives a restart too', async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    const before = await list(5, 'localhost', clock.nowMs() - 90 * 86_400_000);
    assert.equal(await store.offer('list', before), 'adopt');
    assert.equal((await open(folder)).serial('list'), 5);
  });

  test("F-04 what another domain signed, or a host's own key, is refused and changes nothing", async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    await store.offer('list', await list(5));
    const other = await TestAuthority.create({ nowMs: clock.nowMs() });
    await assert.rejects(store.offer('bundle', await bundle(9, other)), { code: 'DOCUMENT_SIGNER_WRONG' });
    await assert.rejects(store.offer('list', 'not.a.jws'), { code: 'DOCUMENT_MALFORMED' });
    await assert.rejects(store.offer('policy', await list(9)), { code: 'DOCUMENT_TYPE_WRONG' });
    assert.equal(store.serial('list'), 5);
  });

  test('a truncated file gives way to the one before it, and a newer one is taken again', async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    await store.offer('list', await list(5));
    await store.offer('list', await list(6));
    await truncate(join(folder.documents, 'list.jws'), 100);
    const again = await open(folder);
    assert.equal(again.serial('list'), 5);
    assert.deepEqual([...again.damaged], ['list']);
    assert.equal(await again.offer('list', await list(6)), 'adopt');
    assert.deepEqual([...again.damaged], []);
    // The damaged file never became the one before it.
    await truncate(join(folder.documents, 'list.jws'), 0);
    assert.equal((await open(folder)).serial('list'), 5);
  });

  test('both files damaged: the agent starts without, and echoes zero', async (t) => {
    const folder = await freshFolder(t);
    await writeFile(join(folder.documents, 'policy.jws'), 'x');
    await writeFile(join(folder.documents, 'policy.jws.previous'), Buffer.alloc(5_000_000));
    const store = await open(folder);
    assert.equal(store.serial('policy'), 0);
    assert.ok(store.damaged.has('policy'));
  });

  test('an order is verified like any document', async (t) => {
    const folder = await freshFolder(t);
    const store = await open(folder);
    const host = await authority.host();
    const order = await authority.signDocument('order', {
      domain: authority.domainId,
      serial: 7,
      issuedAt: clock.nowMs(),
      jobId: 'ab'.repeat(16) as never,
      hostId: host.hostId,
      expiresAtMs: clock.nowMs() + 1000,
      act: { what: 'seal', repository: `${host.hostId}.1` as never },
    });
    assert.equal((await store.verifyOrder(order)).act.what, 'seal');
    await assert.rejects(store.verifyOrder(await list(5)), { code: 'DOCUMENT_TYPE_WRONG' });
    assert.ok(groupId);
  });

  const crashes: [string, number][] = [
    ['agent-document.before-fsync', 5],
    ['agent-document.before-rename', 5],
    ['agent-document.renamed', 6],
  ];
  for (const [point, serial] of crashes) {
    test(`killed at ${point}, the agent holds serial ${serial} whole, and takes the newer one afterwards`, async (t) => {
      const folder = await freshFolder(t);
      const newer = join(folder.root, 'newer');
      await writeFile(newer, await list(6));
      await (await open(folder)).offer('list', await list(5));
      const child = await runChild(['offer', folder.root, authority.domainId, 'list', newer], point);
      assert.equal(child.killed, true, child.errors);
      await prepareDataFolder(folder);
      const store = await open(folder);
      assert.equal(store.serial('list'), serial);
      assert.equal(store.damaged.size, 0);
      await store.offer('list', await readFile(newer, 'utf8'));
      assert.equal(store.serial('list'), 6);
    });
  }
});
