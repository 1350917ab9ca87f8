import { parseListId } from '@sekisho/core/ids.ts';
import { postHeartbeat, type Heartbeat } from '@sekisho/core/wire/agent.ts';
import type { ListPayload } from '@sekisho/core/wire/documents.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TestAuthority, type TestHost, type TestLeaf } from '@sekisho/testkit/test-authority.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, test, type TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import type { DocumentStore } from '../documents/document-store.ts';
import { openHomeServers } from './home-servers.ts';
import { createServerConnection, type ServerConnection } from './server-connection.ts';

type Listed = Partial<ListPayload['servers'][number]> & { port: number };

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

describe('the way to the management servers', () => {
  const clock = new FakeClock();
  let authority: TestAuthority;
  let host: TestHost;
  before(async () => {
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
    host = await authority.host();
  });
  const opened: Server[] = [];
  after(() => {
    for (const server of opened) server.close();
  });

  /** A server that answers every request alike, and counts them. */
  async function serve(
    leaf: TestLeaf,
    answer: { status: number; body: string } = OK,
    port = 0,
  ): Promise<{ port: number; asked: () => number; close: () => Promise<void> }> {
    let asked = 0;
    const server = createServer(
      { key: leaf.keyPem, cert: leaf.chainPem, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        asked += 1;
        request.resume();
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body);
      },
    );
    const channels = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      channels.handleUpgrade(request, socket, head, () => undefined);
    });
    opened.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return {
      port: (server.address() as AddressInfo).port,
      asked: () => asked,
      close: () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => {
            resolve();
          });
        }),
    };
  }

  function documentsWith(servers: Listed[], serial: number): DocumentStore {
    const payload: ListPayload = {
      domain: authority.domainId,
      serial,
      issuedAt: clock.nowMs(),
      list: parseListId('11111111-1111-4111-8111-111111111111')!,
      servers: servers.map((server) => ({
        priority: 1,
        serverId: authority.serverId,
        address: '127.0.0.1',
        protocol: 'https',
        acceptedKeys: [],
        ...server,
      })),
    };
    return { held: () => ({ payload }) } as unknown as DocumentStore;
  }

  function connectTo(
    t: TestContext,
    servers: Listed[],
    more: Partial<Parameters<typeof createServerConnection>[0]> = {},
  ): { connection: ServerConnection; refused: string[] } {
    const refused: string[] = [];
    const connection = createServerConnection({
      documents: documentsWith(servers, 1),
      bootstrap: { host: '127.0.0.1', port: 1, serverId: authority.serverId },
      identity: () => ({
        hostId: host.hostId,
        keyPem: host.keyPem,
        chainPem: host.chainPem,
        certificate: host.certificate,
      }),
      trust: () => ({
        domainId: authority.domainId,
        anchors: authority.anchors,
        intermediates: [authority.issuing.certificate],
        revocations: undefined,
        staleCrl: 'open',
        nowMs: clock.nowMs(),
      }),
      onRefused: (_server, refusal) => refused.push(refusal.code),
      clock,
      random: systemRandom,
      log: silentLog(),
      ...more,
    });
    t.after(() => {
      connection.stop();
    });
    return { connection, refused };
  }
  const ask = (connection: ServerConnection) => connection.call(postHeartbeat, { body: beat });

  test('T-02 the listed server is talked to, and the contact is remembered', async (t) => {
    const server = await serve(authority.server);
    const { connection } = connectTo(t, [{ port: server.port }]);
    assert.equal((await ask(connection)).nowMs, 5);
    assert.equal(connection.lastContactMs, clock.nowMs());
    assert.equal(connection.server?.port, server.port);
  });

  test('T-02 each impostor is refused before anything is sent, with the check that failed', async (t) => {
    const other = await TestAuthority.create({ nowMs: clock.nowMs() });
    const sameDomain = await TestAuthority.create({ nowMs: clock.nowMs(), domainId: authority.domainId });
    const impostors: [string, TestLeaf, Listed, string][] = [
      ['a server of another CA', other.server, { port: 0 }, 'PEER_CHAIN_UNTRUSTED'],
      ['the same domain ID under another CA', sameDomain.server, { port: 0 }, 'PEER_CHAIN_UNTRUSTED'],
      ['a media server of our own', await authority.host({ media: true }), { port: 0 }, 'PEER_ROLE_WRONG'],
      ['a client of our own', await authority.host(), { port: 0 }, 'PEER_ROLE_WRONG'],
      ['the document signer', authority.documentSigner, { port: 0 }, 'PEER_ROLE_WRONG'],
      [
        'a listed address of another server',
        authority.server,
        { port: 0, serverId: other.serverId },
        'PEER_NAME_WRONG',
      ],
    ];
    for (const [what, leaf, listed, code] of impostors) {
      const server = await serve(leaf);
      const { connection, refused } = connectTo(t, [{ ...listed, port: server.port }]);
      await assert.rejects(ask(connection), { code }, what);
      assert.deepEqual([refused, server.asked()], [[code], 0], what);
    }
  });

  test('a certificate from outside is accepted by its key in the signed list alone', async (t) => {
    const outside = await TestAuthority.create({ nowMs: clock.nowMs() });
    const server = await serve(outside.server);
    const { connection } = connectTo(t, [
      { port: server.port, acceptedKeys: [outside.server.certificate.keyId as never] },
    ]);
    assert.equal((await ask(connection)).nowMs, 5);
    const { connection: strict } = connectTo(t, [
      { port: server.port, acceptedKeys: ['f'.repeat(64) as never] },
    ]);
    await assert.rejects(ask(strict), { code: 'PEER_CHAIN_UNTRUSTED' });
  });

  test('F-31 the keys of the newest list count on a way that was made under an older one, and those it names no more do not', async (t) => {
    const outside = await TestAuthority.create({ nowMs: clock.nowMs() });
    const server = await serve(outside.server);
    const { port } = server;
    const acceptedKeys = [outside.server.certificate.keyId as never];
    let documents = documentsWith([{ port }], 1);
    const { connection } = connectTo(t, [], {
      documents: { held: () => documents.held('list') } as unknown as DocumentStore,
    });
    await assert.rejects(ask(connection), { code: 'PEER_CHAIN_UNTRUSTED' });
    documents = documentsWith([{ port, acceptedKeys }], 2);
    await clock.advance(300_000);
    await ask(connection);
    documents = documentsWith([{ port }], 3);
    connection.identityChanged();
    await assert.rejects(ask(connection), { code: 'PEER_CHAIN_UNTRUSTED' });
    assert.equal(server.asked(), 1);
  });

  test('F-10 a server that is down gives way to the next priority, and is taken again when it is back', async (t) => {
    const first = await serve(authority.server);
    const second = await serve(authority.server);
    const { connection } = connectTo(t, [
      { port: first.port, priority: 1 },
      { port: second.port, priority: 2 },
    ]);
    await first.close();
    await ask(connection);
    assert.equal(connection.server?.port, second.port);
    await ask(connection);
    assert.equal(second.asked(), 2);
    const channel = await connection.openChannel();
    t.after(() => {
      channel.terminate();
    });
    assert.equal(connection.betterIsReady(), false);
    await clock.advance(60_000);
    assert.equal(connection.betterIsReady(), true);

    const again = await serve(authority.server, OK, first.port);
    await ask(connection);
    assert.equal(again.asked(), 1);
    assert.equal(connection.betterIsReady(), true, 'the channel is still at the other');
    const better = await connection.openChannel();
    t.after(() => {
      better.terminate();
    });
    assert.equal(connection.betterIsReady(), false);
  });

  test('F-12 a list of servers that nobody reaches loses no agent: after three periods it asks its way home, for what it must know alone', async (t) => {
    const old = await serve(authority.server);
    const { path: folder, remove } = await makeTempFolder();
    t.after(remove);
    const file = join(folder, 'home.json');
    const wasHome: boolean[] = [];
    const connect = async (servers: Listed[], serial: number) => {
      const home = await openHomeServers({ file, log: silentLog() });
      const more = { home, periodMs: () => 10_000, onHome: (isHome: boolean) => wasHome.push(isHome) };
      return { ...connectTo(t, servers, { ...more, documents: documentsWith(servers, serial) }), home };
    };
    const before = await connect([{ port: old.port, priority: 7 }], 1);
    await ask(before.connection);
    await before.home.settled();

    const { connection } = await connect([{ port: 1 }, { port: 2, priority: 2 }], 2);
    await assert.rejects(ask(connection), { code: 'SERVER_UNREACHABLE' });
    assert.equal(old.asked(), 1, 'not yet');
    await clock.advance(30_000);
    // of its list all have failed: the first try is theirs again
    await ask(connection);
    assert.deepEqual([old.asked(), wasHome.at(-1), connection.server?.isHome], [2, true, true]);
    await assert.rejects(
      connection.openChannel(),
      { code: 'SERVER_UNREACHABLE' },
      'no channel on the way home',
    );
    assert.equal(connection.betterIsReady() || connection.restsUntilMs() !== undefined, true);

    const corrected = await serve(authority.server);
    const { connection: again } = await connect([{ port: corrected.port }], 3);
    await ask(again);
    assert.deepEqual([corrected.asked(), wasHome.at(-1)], [1, false]);
  });

  test('F-12 on the way home a key of an older list opens nothing that the newest list does not name', async (t) => {
    const impostor = await TestAuthority.create({ nowMs: clock.nowMs(), domainId: authority.domainId });
    const stolen = await serve(impostor.server);
    const acceptedKeys = [impostor.server.certificate.keyId];
    const reachable: Record<string, boolean> = {};
    for (const [named, keys] of [
      ['named', acceptedKeys],
      ['not named', []],
    ] as const) {
      const { servers } = documentsWith([{ port: stolen.port, acceptedKeys }], 1).held('list')!.payload;
      const home = { servers, reached: () => undefined, settled: () => Promise.resolve() };
      const own = [{ port: 1, acceptedKeys: [...keys] }];
      const { connection } = connectTo(t, own, { home, periodMs: () => 10_000 });
      await assert.rejects(ask(connection), { code: 'SERVER_UNREACHABLE' });
      await clock.advance(30_000);
      reachable[named] = await ask(connection).then(
        () => true,
        () => false,
      );
    }
    assert.deepEqual(reachable, { named: true, 'not named': false });
  });

  test('F-10 when none answers the error names why, and the next call tries again', async (t) => {
    const { connection } = connectTo(t, [{ port: 1 }]);
    await assert.rejects(ask(connection), { code: 'SERVER_UNREACHABLE' });
    assert.ok(connection.restsUntilMs() !== undefined);
    await assert.rejects(ask(connection), { code: 'SERVER_UNREACHABLE' });
    assert.equal(connection.lastError?.code, 'SERVER_UNREACHABLE');
  });

  test("T-02 a server's own refusal is its answer: no other server is asked", async (t) => {
    const refusing = await serve(authority.server, {
      status: 403,
      body: JSON.stringify({
        type: 'about:blank',
        title: 'x',
        status: 403,
        code: 'CERTIFICATE_REVOKED',
        params: {},
      }),
    });
    const { connection } = connectTo(t, [{ port: refusing.port }, { port: 1, priority: 2 }]);
    await assert.rejects(ask(connection), { code: 'CERTIFICATE_REVOKED' });
    assert.equal(connection.lastError?.code, 'CERTIFICATE_REVOKED', 'what `agent status` shows');
  });

  test('a stop cuts what is under way, also a connection that is still being made', async (t) => {
    const held: Socket[] = [];
    const silent = createTcpServer((socket) => held.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { connection } = connectTo(t, [{ port: (silent.address() as AddressInfo).port }]);
    const asking = assert.rejects(ask(connection), { code: /SERVER_UNREACHABLE|SERVER_STOPPING/ });
    await once(silent, 'connection');
    const cut = once(held[0]!, 'close');
    connection.stop();
    await Promise.all([asking, cut]);
    silent.close();
    await assert.rejects(ask(connection), { code: 'SERVER_STOPPING' });
  });
});

const OK = { status: 200, body: JSON.stringify({ nowMs: 5, fetch: [], offers: [], cancels: [] }) };
