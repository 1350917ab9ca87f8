import { getDocument } from '@sekisho/core/wire/agent.ts';
import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import { parseListId } from '@sekisho/core/ids.ts';
import { chainToPem, certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { signDocument } from '@sekisho/pki/documents.ts';
import * as encode from '@sekisho/pki/extensions.ts';
import { issueLink, type Issuer } from '@sekisho/pki/issue.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { after, describe, test, type TestContext } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore, type DocumentStore } from '../documents/document-store.ts';
import { followLinks } from './follow-links.ts';
import { createServerConnection, type ServerConnection } from './server-connection.ts';

const DAY_MS = 86_400_000;
const clock = new FakeClock();
const nowMs = clock.nowMs();
const log = silentLog();

// one domain through three changes of its CA
const a0 = await TestAuthority.create({ nowMs, name: 'Gen' });
const same = { nowMs, name: 'Gen', domainId: a0.domainId, serverId: a0.serverId };
const a1 = await TestAuthority.create(same);
const a2 = await TestAuthority.create(same);
const a3 = await TestAuthority.create(same);
const { domainId, serverId } = a0;
const link = (from: TestAuthority, to: TestAuthority): Promise<Certificate> =>
  issueLink({ serial: randomBytes(16), issuer: from.root, root: to.root.certificate });
const links = [await link(a0, a1), await link(a1, a2), await link(a2, a3)];

const base64 = ({ der }: Certificate): string => Buffer.from(der).toString('base64');
function bundle(
  signer: Issuer,
  wish: { serial: number; links: readonly Certificate[]; issuing?: Issuer; httpPort?: number },
): Promise<string> {
  const { certificate } = signer;
  const payload: BundlePayload = {
    domain: domainId,
    serial: wish.serial,
    issuedAt: nowMs,
    anchors: [{ fingerprint: certificate.fingerprint, certificate: base64(certificate), state: 'active' }],
    intermediates: wish.issuing === undefined ? [] : [base64(wish.issuing.certificate)],
    links: wish.links.map(base64),
    crls: [],
    signers: [],
    httpPort: wish.httpPort ?? 1,
  };
  return signDocument({ type: 'bundle', payload, signer: signer.signer, chain: [certificate] });
}
const NEWEST = 40;
const genuine = await bundle(a3.root, {
  serial: NEWEST,
  links: [...links].reverse(),
  issuing: a3.issuing,
});

interface TlsSide {
  readonly keyPem: string;
  readonly chainPem: string;
}

/** What an attacker makes with the keys of CAs that have left: issuing CAs' of a0 and a1, and the server's of a0 to a2. */
const forge = (key: Issuer, named: Issuer, to: Issuer): Promise<Certificate> =>
  forgeCertificate({
    signer: key.signer,
    issuer: named.certificate,
    spkiDer: to.signer.spkiDer,
    commonName: to.certificate.subjectCn!,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + 500 * DAY_MS,
    extensions: [
      encode.basicConstraints(true, 1),
      encode.keyUsage(['keyCertSign', 'cRLSign']),
      encode.subjectKeyId(to.certificate.subjectKeyId!),
    ],
  });
const liar = await TestAuthority.create(same);
const asServer = await forgeCertificate({
  signer: a1.issuing.signer,
  issuer: a1.issuing.certificate,
  spkiDer: liar.server.signer.spkiDer,
  commonName: serverId,
  notBeforeMs: nowMs - DAY_MS,
  notAfterMs: nowMs + 500 * DAY_MS,
  extensions: [
    encode.basicConstraints(false),
    encode.keyUsage(['digitalSignature']),
    encode.extKeyUsage([OID.serverAuth, OID.clientAuth, OID.cmcRa]),
    encode.subjectAltName({ uris: [`spiffe://${domainId}/server/${serverId}`], ips: ['127.0.0.1'] }),
    encode.subjectKeyId('ab'.repeat(20)),
  ],
});
const mintedServer: TlsSide = {
  keyPem: liar.server.keyPem,
  chainPem: chainToPem([asServer, a1.issuing.certificate]),
};

const LIES: readonly (readonly [string, TlsSide, () => Promise<string>])[] = [
  [
    'cut short, as they were signed then',
    a0.server,
    () => bundle(a1.root, { serial: 20, links: links.slice(0, 1) }),
  ],
  [
    'cut short, with a server that a retired issuing CA made',
    mintedServer,
    () => bundle(a1.root, { serial: 20, links: links.slice(0, 1) }),
  ],
  ['genuine, in another order, repeated by somebody else', a2.server, () => Promise.resolve(genuine)],
  ['genuine, with a server that a retired issuing CA made', mintedServer, () => Promise.resolve(genuine)],
  [
    'forged by a retired issuing CA',
    liar.server,
    async () =>
      bundle(liar.root, {
        serial: 99,
        links: [await forge(a0.issuing, a0.issuing, liar.root)],
        issuing: liar.issuing,
      }),
  ],
  [
    'forged by a retired issuing CA in the name of the root',
    liar.server,
    async () =>
      bundle(liar.root, {
        serial: 99,
        links: [await forge(a0.issuing, a0.root, liar.root)],
        issuing: liar.issuing,
      }),
  ],
  [
    'running in a circle',
    liar.server,
    async () =>
      bundle(liar.root, {
        serial: 99,
        links: [
          links[0]!,
          await forge(a1.issuing, a1.root, a0.root),
          await forge(liar.root, liar.root, a0.root),
          await forge(a0.issuing, a0.root, liar.root),
        ],
        issuing: liar.issuing,
      }),
  ],
  ['no links at all', liar.server, () => bundle(liar.root, { serial: 99, links: [], issuing: liar.issuing })],
  ['no document', a3.server, () => Promise.resolve('x.y.z')],
];

describe('F-38 an agent that was off while the CA was changed three times', () => {
  const opened: { close: () => unknown }[] = [];
  after(() => {
    for (const server of opened) server.close();
  });

  async function serve(leaf: TlsSide, jws: string): Promise<number> {
    const server = createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ jws }));
    });
    opened.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
  const open = (folder: DataFolder): Promise<DocumentStore> =>
    openDocumentStore({ folder: folder.documents, anchorsFile: folder.anchorsFile, domainId, clock, log });

  /** An agent's folder as it was before the first change: with a bundle and a list of that time. */
  async function lateFolder(t: TestContext, at = a0, httpPort = 1): Promise<DataFolder> {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    await writeFile(folder.anchorsFile, certificateToPem(at.root.certificate.der));
    const store = await open(folder);
    await store.offer(
      'bundle',
      await bundle(at.root, { serial: 10, links: [], issuing: at.issuing, httpPort }),
    );
    await store.offer(
      'list',
      await at.signDocument('list', {
        domain: domainId,
        serial: 5,
        issuedAt: nowMs,
        list: parseListId('11111111-1111-4111-8111-111111111111')!,
        servers: [
          { priority: 1, serverId, address: '127.0.0.1', port: 1, protocol: 'https', acceptedKeys: [] },
        ],
      }),
    );
    return folder;
  }
  const follow = (documents: DocumentStore, port: number): Promise<boolean> =>
    followLinks(
      { key: 'x', priority: 1, serverId, address: '127.0.0.1', port, protocol: 'https', acceptedKeys: [] },
      { documents, domainId, clock, log },
    );
  const standsAt = ({ anchors, serial }: Pick<DocumentStore, 'anchors' | 'serial'>): unknown[] => [
    anchors.map(({ fingerprint }) => fingerprint),
    serial('bundle'),
    serial('list'),
  ];
  const OLD = [[a0.root.certificate.fingerprint], 10, 5];
  const NEW = [[a3.root.certificate.fingerprint], NEWEST, 5];

  test('finds the newest bundle, and keeps what it had adopted before, also over a restart', async (t) => {
    const folder = await lateFolder(t);
    const documents = await open(folder);
    assert.equal(await follow(documents, await serve(a3.server, genuine)), true);
    assert.deepEqual(standsAt(documents), NEW);
    const again = await open(folder);
    assert.deepEqual([standsAt(again), again.damaged.size], [NEW, 0]);
    // what is remembered of the old CA reads what lies there, and nothing else
    await assert.rejects(again.offer('bundle', await bundle(a0.root, { serial: 77, links: [] })), {
      code: 'DOCUMENT_SIGNER_WRONG',
    });
  });

  test('finds it on the plain port where nobody answers on its own', async (t) => {
    const plain = createHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ jws: genuine }));
    });
    opened.push(plain);
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const httpPort = (plain.address() as AddressInfo).port;
    const documents = await open(await lateFolder(t, a0, httpPort));
    // a server whose first answer is none: the second connection, which is verified, is answered
    let asked = 0;
    const server = createServer({ key: a3.server.keyPem, cert: a3.server.chainPem }, (_request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 503 : 200, {
        'content-type': 'application/json',
        connection: 'close',
      });
      response.end(asked === 1 ? '{}' : JSON.stringify({ jws: genuine }));
    });
    opened.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    assert.equal(await follow(documents, (server.address() as AddressInfo).port), true);
    assert.deepEqual(standsAt(documents), NEW);
  });

  describe('T-60 and whose only way is a media server that has followed the new CA', () => {
    /** A media server that lets strangers through to the server, and turns away whom it does not know; says who came with a certificate. */
    async function relayTo(
      to: number,
      leaf: TlsSide,
    ): Promise<{ port: number; shown: (string | undefined)[] }> {
      const shown: (string | undefined)[] = [];
      const relay = createServer({
        key: leaf.keyPem,
        cert: leaf.chainPem,
        requestCert: true,
        rejectUnauthorized: false,
      });
      relay.on('connect', (request, socket) => {
        const tls = request.socket as TLSSocket;
        shown.push(tls.getPeerX509Certificate()?.subject);
        const far = connect(to, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          far.pipe(socket).pipe(far);
        });
        for (const end of [far, socket]) end.on('error', () => end.destroy());
      });
      opened.push(relay);
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
      return { port: (relay.address() as AddressInfo).port, shown };
    }
    async function lateHost(t: TestContext, relayPort: number) {
      const documents = await open(await lateFolder(t));
      const own = await a0.host({});
      const connection = createServerConnection({
        documents,
        // nobody answers there
        bootstrap: { host: '127.0.0.1', port: 1, serverId },
        identity: () => ({ ...own, chain: [own.certificate] }),
        trust: () => ({
          domainId,
          anchors: documents.anchors,
          intermediates: documents.intermediates,
          revocations: undefined,
          staleCrl: 'open',
          nowMs,
        }),
        onRefused: () => undefined,
        followLinks: (server, dial) => followLinks(server, { documents, domainId, dial, clock, log }),
        relays: () => [{ hostId: undefined, address: '127.0.0.1', port: relayPort }],
        clock,
        random: systemRandom,
        log,
      });
      t.after(() => {
        connection.stop();
      });
      return { documents, connection };
    }
    const ask = (connection: ServerConnection) => connection.call(getDocument, { params: { type: 'list' } });

    test('comes back through it: links are read over a way that is trusted with nothing, and it shows no certificate of the CA that left', async (t) => {
      const media = await a3.host({ media: true });
      const relay = await relayTo(await serve(a3.server, genuine), media);
      const { documents, connection } = await lateHost(t, relay.port);
      await ask(connection);
      assert.deepEqual(standsAt(documents), NEW);
      assert.ok(relay.shown.length >= 2);
      assert.deepEqual([...new Set(relay.shown)], [undefined]);
    });

    test('goes through no media server of a CA that nothing leads to, whatever it shows behind it', async (t) => {
      const media = await liar.host({ media: true });
      const relay = await relayTo(await serve(a3.server, genuine), media);
      const { documents, connection } = await lateHost(t, relay.port);
      // what is behind is genuine: it is adopted, and the one that led there is refused all the same
      await assert.rejects(ask(connection), { code: 'PEER_CHAIN_UNTRUSTED' });
      assert.deepEqual(standsAt(documents), NEW);
    });

    test('stays as it is when a liar stands behind it', async (t) => {
      const media = await a3.host({ media: true });
      for (const [what, leaf, lie] of LIES) {
        const relay = await relayTo(await serve(leaf, await lie()), media);
        const { documents, connection } = await lateHost(t, relay.port);
        await assert.rejects(ask(connection), { code: 'PEER_CHAIN_UNTRUSTED' }, what);
        assert.deepEqual(standsAt(documents), OLD, what);
      }
    });
  });

  for (const [what, leaf, lie] of LIES)
    test(`stays as it is when a liar shows links that are ${what}`, async (t) => {
      const folder = await lateFolder(t);
      const documents = await open(folder);
      assert.equal(await follow(documents, await serve(leaf, await lie())), false);
      assert.deepEqual([standsAt(documents), standsAt(await open(folder))], [OLD, OLD]);
    });

  test('is not led back by the key of a root that it has left', async (t) => {
    const documents = await open(await lateFolder(t, a1));
    const lie = await bundle(liar.root, {
      serial: 99,
      links: [await forge(a0.root, a0.root, liar.root), links[0]!],
      issuing: liar.issuing,
    });
    assert.equal(await follow(documents, await serve(liar.server, lie)), false);
    const older = await bundle(a0.root, { serial: 99, links: [] });
    assert.equal(await follow(documents, await serve(a0.server, older)), false);
    assert.equal(documents.serial('bundle'), 10);
  });

  test('killed at every write, between lies, it is in its old state or on the genuine newest bundle', async (t) => {
    const truth = await serve(a3.server, genuine);
    const lies = await Promise.all(LIES.map(async ([, leaf, lie]) => serve(leaf, await lie())));
    const kills = [
      ['agent-document.before-fsync', OLD],
      ['agent-document.before-rename', OLD],
      ['agent-document.renamed', NEW],
      ['agent-anchors.before-save', NEW],
      ['agent-anchors.saved', NEW],
    ] as const;
    for (const [at, [point, stands]] of kills.entries()) {
      const folder = await lateFolder(t);
      const child = await runChild(['follow-links', folder.root, domainId, serverId, String(truth)], point);
      assert.equal(child.killed, true, `${point}: ${child.output} ${child.errors}`);
      await prepareDataFolder(folder);
      const documents = await open(folder);
      assert.deepEqual([standsAt(documents), documents.damaged.size], [stands, 0], point);
      // each lie once
      for (const port of lies.filter((_, lie) => lie % kills.length === at))
        assert.equal(await follow(documents, port), false);
      assert.deepEqual(standsAt(documents), stands, point);
      await follow(documents, truth);
      assert.deepEqual(standsAt(await open(folder)), NEW, point);
    }
  });
});
