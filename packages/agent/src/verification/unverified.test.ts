import { parseGroupId, parseListId } from '@sekisho/core/ids.ts';
import { decideAddressee, type DocumentAddressee } from '@sekisho/core/rules/verification.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import {
  getDocument,
  getRepositoryPassword,
  postHeartbeat,
  postSpool,
  type Heartbeat,
} from '@sekisho/core/wire/agent.ts';
import type { ListPayload, PolicyPayload } from '@sekisho/core/wire/documents.ts';
import { askPeers } from '@sekisho/core/wire/names.ts';
import { SIGNATURE_HEADER, type SignedRequest } from '@sekisho/core/wire/signed-request.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { verifyRequest } from '@sekisho/pki/request-signature.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { newHostId, TestAuthority, type TestHost } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { after, before, describe, test, type TestContext } from 'node:test';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import { openDocumentStore, type DocumentStore } from '../documents/document-store.ts';
import { createServerConnection, type ServerConnection } from '../net/server-connection.ts';

const group = parseGroupId('22222222-2222-4222-8222-222222222222')!;
const otherGroup = parseGroupId('55555555-5555-4555-8555-555555555555')!;
const list = parseListId('11111111-1111-4111-8111-111111111111')!;
const beat: Heartbeat = {
  sentAtMs: 1,
  bundleGeneration: 0,
  listSerial: 0,
  assignmentSerial: 0,
  policySerial: 0,
  crlNumber: 0,
  certificates: [],
  version: '0',
  bootId: 'x',
  health: [],
  spooled: 0,
};

describe('F-20 an agent that does not verify its server', () => {
  const clock = new FakeClock();
  let authority: TestAuthority;
  let impostor: TestAuthority;
  let host: TestHost;
  const opened: Server[] = [];
  before(async () => {
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
    impostor = await TestAuthority.create({ nowMs: clock.nowMs(), domainId: authority.domainId });
    host = await authority.host();
  });
  after(() => {
    for (const server of opened) server.close();
  });

  /** Answers everything as somebody would who wants to be obeyed. */
  const heard: { path: string; signature: string | undefined }[] = [];
  const answer: RequestListener = (request, response) => {
    const signature = request.headers[SIGNATURE_HEADER];
    heard.push({ path: request.url ?? '', signature: typeof signature === 'string' ? signature : undefined });
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        nowMs: 5,
        fetch: ['policy', 'certificate'],
        offers: ['an order'],
        cancels: ['ab'.repeat(16)],
        names: 7,
        renewal: { fingerprint: 'ab'.repeat(32), renewAtMs: 1 },
      }),
    );
  };
  const listen = async (server: Server): Promise<number> => {
    opened.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  function connectTo(t: TestContext, protocol: 'https' | 'http', port: number) {
    const state = { isOff: true, refused: [] as string[], followed: 0 };
    const entry = {
      priority: 1,
      serverId: authority.serverId,
      address: '127.0.0.1',
      port,
      protocol,
      acceptedKeys: [],
    };
    const payload: ListPayload = {
      domain: authority.domainId,
      serial: 1,
      issuedAt: 1,
      list,
      servers: [entry],
    };
    let momentMs = clock.nowMs();
    const connection: ServerConnection = createServerConnection({
      documents: { held: () => ({ payload }) } as unknown as DocumentStore,
      bootstrap: { host: '127.0.0.1', port: 1, serverId: authority.serverId },
      identity: () => ({ ...host }),
      trust: () => ({
        domainId: authority.domainId,
        anchors: authority.anchors,
        intermediates: [authority.issuing.certificate],
        revocations: undefined,
        staleCrl: 'open',
        nowMs: clock.nowMs(),
      }),
      onRefused: (_server, { code }) => state.refused.push(code),
      followLinks: () => {
        state.followed += 1;
        return Promise.resolve(false);
      },
      verification: {
        get isOff() {
          return state.isOff;
        },
        nextMomentMs: () => (momentMs += 1),
      },
      clock,
      random: systemRandom,
      log: silentLog(),
    });
    t.after(() => {
      connection.stop();
    });
    return { connection, state };
  }

  test('talks to whoever answers with TLS, believes no more than what to fetch, and verifies again at once', async (t) => {
    const { keyPem: key, chainPem: cert } = impostor.server;
    const port = await listen(
      createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, answer),
    );
    const { connection, state } = connectTo(t, 'https', port);
    const reply = await connection.call(postHeartbeat, { body: beat });
    assert.deepEqual(reply, { nowMs: 5, fetch: ['policy'], offers: [], cancels: [] });
    assert.equal(heard.at(-1)?.signature, undefined);
    state.isOff = false;
    connection.startAnew();
    const before = heard.length;
    await assert.rejects(connection.call(postHeartbeat, { body: beat }), { code: 'PEER_CHAIN_UNTRUSTED' });
    assert.equal(heard.length, before);
  });

  test('signs each request that goes without TLS, for a later moment than the one before', async (t) => {
    const port = await listen(createPlainServer(answer));
    const { connection, state } = connectTo(t, 'http', port);
    await Promise.all([1, 2, 3].map(() => connection.call(postHeartbeat, { body: beat })));
    await assert.rejects(connection.call(getDocument, { params: { type: 'policy' } }), {
      code: 'SERVER_REPLY_UNUSABLE',
    });
    const requests: SignedRequest[] = [];
    for (const { signature } of heard.slice(-4)) {
      const { request, judged } = await verifyRequest(signature ?? '', (leaf) => leaf.fingerprint);
      assert.equal(judged, host.certificate.fingerprint);
      requests.push(request);
    }
    assert.deepEqual(
      requests.map(({ method, path, host: of }) => [method, path, of]),
      [
        ...[1, 2, 3].map(() => ['POST', '/v1/agent/heartbeat', host.hostId]),
        ['GET', '/v1/agent/documents/policy', host.hostId],
      ],
    );
    const moments = requests.map(({ atMs }) => atMs);
    assert.deepEqual(
      moments,
      [...new Set(moments)].sort((a, b) => a - b),
    );
    state.isOff = false;
    connection.startAnew();
    const before = heard.length;
    await assert.rejects(connection.call(postHeartbeat, { body: beat }), { code: 'SERVER_UNREACHABLE' });
    assert.equal(heard.length, before);
  });

  for (const protocol of ['https', 'http'] as const)
    test(`asks nothing over ${protocol} whose answer it would have to believe`, async (t) => {
      const { keyPem: key, chainPem: cert } = authority.server;
      const server = protocol === 'https' ? createServer({ key, cert }, answer) : createPlainServer(answer);
      const { connection } = connectTo(t, protocol, await listen(server));
      const before = heard.length;
      const item = {
        kind: 'event',
        spoolId: 'x',
        event: 'crl-stale',
        atMs: 1,
        detail: {},
      } as const;
      const acts: Record<string, () => Promise<unknown>> = {
        password: () =>
          connection.call(getRepositoryPassword, {
            body: { repository: `${host.hostId}.1`, jobId: 'ab'.repeat(16) },
          }),
        report: () => connection.call(postSpool, { body: { items: [item] } }),
        question: () => connection.call(askPeers, { body: { questions: [] } }),
        channel: () => connection.openChannel(),
        ...(protocol === 'http' ? { renewal: () => connection.reenroll(new Uint8Array()) } : {}),
      };
      for (const [what, act] of Object.entries(acts))
        await assert.rejects(act(), { code: 'VERIFICATION_OFF' }, what);
      assert.equal(heard.length, before);
      assert.deepEqual(connection.relayed().length, protocol === 'https' ? 1 : 0);
    });

  test('hears nothing of an answer that was held back until servers are verified again', async (t) => {
    for (const status of [200, 403]) {
      let endVerificationOff = (): void => undefined;
      const port = await listen(
        createPlainServer((request, response) => {
          request.resume();
          endVerificationOff();
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ jws: 'for another group', code: 'CERTIFICATE_REVOKED' }));
        }),
      );
      const { connection, state } = connectTo(t, 'http', port);
      endVerificationOff = () => {
        state.isOff = false;
      };
      await assert.rejects(connection.call(getDocument, { params: { type: 'policy' } }), {
        code: 'SERVER_UNREACHABLE',
      });
      assert.equal(connection.lastContactMs, undefined);
    }
  });

  test('takes what an answer says of certificates for no check of its own', async (t) => {
    const refusal = { type: 'about:blank', title: 'x', status: 403, code: 'PEER_CHAIN_UNTRUSTED' };
    const port = await listen(
      createPlainServer((request, response) => {
        request.resume();
        response.writeHead(403, { 'content-type': 'application/json' });
        response.end(JSON.stringify(refusal));
      }),
    );
    const { connection, state } = connectTo(t, 'http', port);
    await assert.rejects(connection.call(postHeartbeat, { body: beat }), { code: 'PEER_CHAIN_UNTRUSTED' });
    assert.deepEqual([state.refused, state.followed], [[], 0]);
    assert.equal(connection.lastError?.code, 'PEER_CHAIN_UNTRUSTED');
  });

  test('adopts no policy that another key signed, or that was signed for another group', async (t) => {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    await writeFile(folder.anchorsFile, certificateToPem(authority.root.certificate.der));
    const documents: DocumentStore = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: authority.domainId,
      admit({ type, payload }) {
        const decision = decideAddressee({ ...payload, type } as DocumentAddressee, {
          hostId: host.hostId,
          assignment: documents.held('assignment')?.payload,
        });
        if (!decision.allow) throw new AppError(decision.code, decision.params);
      },
      clock,
      log: silentLog(),
    });
    const head = { domain: authority.domainId, serial: 9, issuedAt: clock.nowMs() };
    const policyOf = (of: typeof group): PolicyPayload => ({
      ...head,
      group: of,
      heartbeatSeconds: 300,
      mode: 'push',
      origins: {},
      crlRefreshSeconds: 3_600,
      staleCrl: 'open',
      mediaServers: [],
      plans: [],
      verification: { state: 'off', sinceMs: clock.nowMs(), untilMs: clock.nowMs() + DAY_MS },
    });
    const assignmentOf = (hostId: typeof host.hostId) =>
      authority.signDocument('assignment', {
        ...head,
        hostId,
        name: 'web-01',
        group,
        list,
        media: null,
        repositories: [],
        readGrants: [],
      });
    await assert.rejects(documents.offer('assignment', await assignmentOf(newHostId())), {
      code: 'DOCUMENT_FOR_OTHERS',
    });
    await documents.offer('assignment', await assignmentOf(host.hostId));
    await assert.rejects(documents.offer('policy', await impostor.signDocument('policy', policyOf(group))), {
      code: 'DOCUMENT_SIGNER_WRONG',
    });
    await assert.rejects(
      documents.offer('policy', await authority.signDocument('policy', policyOf(otherGroup))),
      { code: 'DOCUMENT_FOR_OTHERS' },
    );
    assert.equal(documents.held('policy'), undefined);
    assert.equal(
      await documents.offer('policy', await authority.signDocument('policy', policyOf(group))),
      'adopt',
    );
  });
});
