import { repositoryName } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { MediaDomain, type MediaClient } from '@sekisho/testkit/media-domain.ts';
import { TestAuthority, type TestLeaf } from '@sekisho/testkit/test-authority.ts';
import { createHash, randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import { connect as connectTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { CONNECTIONS_PER_HOST_MAX, UNAUTHENTICATED_CONNECTIONS_MAX } from '../limits.ts';

type Shown = { keyPem: string; chainPem: string } | undefined;

/** One request on a fresh connection with these certificates; what came back, or how it ended. */
function knock(
  domain: MediaDomain,
  shown: Shown,
  options: {
    session?: Buffer;
    onSession?: (session: Buffer) => void;
    path?: string;
    maxVersion?: 'TLSv1.2';
  } = {},
): Promise<{ text: string; resumed: boolean }> {
  return new Promise((resolve) => {
    let resumed = false;
    const socket = connect(
      {
        host: '127.0.0.1',
        port: domain.server.port,
        servername: 'localhost',
        ca: [domain.authority.rootPem],
        ...(shown === undefined ? {} : { key: shown.keyPem, cert: shown.chainPem }),
        ...(options.session === undefined ? {} : { session: options.session }),
        ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
      },
      () => {
        resumed = socket.isSessionReused();
        socket.write(`GET ${options.path ?? '/x/'} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      },
    );
    let text = '';
    socket.on('session', (session) => options.onSession?.(session));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', (error) => (text += ` ${error.message}`));
    socket.on('close', () => resolve({ text, resumed }));
  });
}

const codeIn = (text: string): string | undefined => /"code":"([A-Z_]+)"/.exec(text)?.[1];

test('T-02 P-16 each certificate that is not a valid one of this domain is refused, and the answer names the check', async (t) => {
  const domain = await MediaDomain.start(t);
  const { authority, clock } = domain;
  const elsewhere = await TestAuthority.create({ nowMs: clock.nowMs() });
  const revoked = await authority.host();
  await domain.revoke(revoked.certificate);
  const future = { notBeforeMs: clock.nowMs() + DAY_MS, notAfterMs: clock.nowMs() + 440 * DAY_MS };
  const shortLived = await authority.host({
    notBeforeMs: clock.nowMs(),
    notAfterMs: clock.nowMs() + 430 * DAY_MS,
  });
  const table: [string, Shown | TestLeaf, string][] = [
    ['no certificate', undefined, 'PEER_CERTIFICATE_MISSING'],
    ['another CA', await elsewhere.host(), 'PEER_CHAIN_UNTRUSTED'],
    ['revoked', revoked, 'PEER_REVOKED'],
    ['not yet valid by our clock', await authority.host(future), 'PEER_CERTIFICATE_NOT_YET_VALID'],
    [
      'expired by the real clock',
      await authority.host({ notBeforeMs: clock.nowMs(), notAfterMs: clock.nowMs() + DAY_MS }),
      'PEER_CERTIFICATE_EXPIRED',
    ],
    ['the management server itself', authority.server, 'PEER_ROLE_WRONG'],
    ['the document signer', authority.documentSigner, 'PEER_'],
  ];
  for (const [what, shown, code] of table) {
    for (const maxVersion of [undefined, 'TLSv1.2'] as const) {
      const { text } = await knock(domain, shown, maxVersion === undefined ? {} : { maxVersion });
      assert.match(text, /^HTTP\/1\.1 40[13] /, `${what}: ${text}`);
      assert.ok(codeIn(text)?.startsWith(code), `${what}: ${text}`);
    }
  }
  const good = await knock(domain, shortLived, { path: `/${repositoryName(shortLived.hostId, 1)}/data/` });
  assert.match(good.text, /^HTTP\/1\.1 200 /);
});

test('P-01 a host that hears refusals stays confined: plain HTTP and old TLS get nothing', async (t) => {
  const domain = await MediaDomain.start(t);
  const plain = await new Promise<string>((resolve) => {
    const socket = connectTcp(domain.server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  assert.ok(!plain.includes('HTTP/1.1 200'));
});

test('T-42 T-40 a revocation cuts live connections in mid-request, and no TLS session is resumed after it', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  const other = await domain.client();
  t.after(() => {
    client.disconnect();
    other.disconnect();
  });
  for (const each of [client, other])
    assert.equal((await each.raw('POST', `/${each.repository}/?create=true`)).status, 200);
  let session: Buffer | undefined;
  const path = `/${client.repository}/data/`;
  await knock(domain, client.host, { path, onSession: (made) => (session = made) });
  assert.ok(session);
  const again = await knock(domain, client.host, { path, session });
  assert.ok(again.resumed, 'sessions are resumed as long as nothing was revoked');
  assert.match(again.text, /^HTTP\/1\.1 200 /, 'and a resumed one is still known');

  const body = randomBytes(100_000);
  const upload = await openUpload(domain, client, body.length, idOf(body));
  upload.write(body.subarray(0, 50_000));
  const closed = new Promise((resolve) => upload.once('close', resolve));
  assert.ok((await domain.revoke(client.host.certificate)) >= 1);
  await closed;
  assert.equal(codeIn((await knock(domain, client.host, { path })).text), 'PEER_REVOKED');
  const resumed = await knock(domain, client.host, { path, session });
  assert.equal(resumed.resumed, false);
  assert.equal(codeIn(resumed.text), 'PEER_REVOKED');
  assert.equal((await other.raw('GET', `/${other.repository}/data/`)).status, 200);
});

test('T-42 the registry is asked for each request on a connection that lives on', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).status, 200);
  const crl = await domain.authority.crl({ revoke: [client.host.certificate] });
  domain.revocations.add(crl, domain.authority.issuing.certificate); // nobody asked for a cut
  const reply = await client.raw('GET', `/${client.repository}/data/`);
  assert.deepEqual([reply.status, reply.code], [403, 'PEER_REVOKED']);
});

test('T-40 cut destroys the connections of one host and of no other', async (t) => {
  const domain = await MediaDomain.start(t);
  const [client, other] = [await domain.client(), await domain.client()];
  const mine = await idle(domain, client);
  const theirs = await idle(domain, other);
  t.after(() => theirs.destroy());
  const closed = new Promise((resolve) => mine.once('close', resolve));
  await untilTrue(() => domain.server.cut(client.host.hostId) === 1);
  await closed;
  assert.equal(theirs.destroyed, false);
  assert.equal(domain.server.cut(client.host.hostId), 0);
});

test('P-11 a new certificate of the media server is used by new connections while old ones go on', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  const before = await idle(domain, client);
  t.after(() => before.destroy());
  const renewed = await domain.authority.host({ media: true, hostId: domain.mediaHost.hostId });
  domain.server.replaceTls({ ...domain.tls(), key: renewed.keyPem, cert: renewed.chainPem });
  const after = await idle(domain, client);
  t.after(() => after.destroy());
  const shown = (socket: TLSSocket): string =>
    createHash('sha256').update(socket.getPeerX509Certificate()!.raw).digest('hex');
  assert.equal(shown(after), renewed.certificate.fingerprint);
  assert.equal(shown(before), domain.mediaHost.certificate.fingerprint);
  const answered = new Promise<string>((resolve) =>
    before.once('data', (chunk) => resolve(chunk.toString())),
  );
  before.write(`GET /${client.repository}/data/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.match(await answered, /^HTTP\/1\.1 200 /);
  const foreign = await TestAuthority.create({ nowMs: domain.clock.nowMs() });
  assert.equal(codeIn((await knock(domain, await foreign.host())).text), 'PEER_CHAIN_UNTRUSTED');
});

test('P-01 crowds of idle connections take no place from a client at work', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  const crowd: Socket[] = [];
  t.after(() => {
    for (const socket of crowd) socket.destroy();
  });
  let closed = 0;
  for (let index = 0; index < UNAUTHENTICATED_CONNECTIONS_MAX + 200; index += 1) {
    const socket = connectTcp(domain.server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => (closed += 1));
    crowd.push(socket);
    if (index % 100 === 0) await new Promise((resolve) => socket.once('connect', resolve));
  }
  await untilTrue(() => closed >= 200);
  assert.equal((await client.raw('POST', `/${client.repository}/?create=true`)).status, 200);
  assert.equal((await client.put('data', randomBytes(100_000))).reply.status, 200);
});

test('P-01 one host has a bounded number of connections, and others are not touched by it', async (t) => {
  const domain = await MediaDomain.start(t);
  const [greedy, other] = [await domain.client(), await domain.client()];
  const open: TLSSocket[] = [];
  t.after(() => {
    for (const socket of open) socket.destroy();
    other.disconnect();
  });
  for (let index = 0; index < CONNECTIONS_PER_HOST_MAX; index += 1) open.push(await idle(domain, greedy));
  // The server has seen them all when it refuses the next.
  let refused = '';
  for (let turn = 0; turn < 50 && codeIn(refused) === undefined; turn += 1)
    refused = (await knock(domain, greedy.host, { path: `/${greedy.repository}/data/` })).text;
  assert.equal(codeIn(refused), 'RATE_LIMITED');
  assert.equal((await other.raw('GET', `/${other.repository}/data/`)).status, 200);
});

test('P-01 headers over their limit are refused', async (t) => {
  const domain = await MediaDomain.start(t);
  const client = await domain.client();
  t.after(() => client.disconnect());
  const reply = await client.raw('GET', `/${client.repository}/data/`, {
    headers: { 'x-long': 'x'.repeat(20_000) },
  });
  assert.equal(reply.status, 431);
});

const idOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function idle(domain: MediaDomain, client: MediaClient): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: '127.0.0.1',
        port: domain.server.port,
        servername: 'localhost',
        ca: [domain.authority.rootPem],
        cert: client.host.chainPem,
        key: client.host.keyPem,
      },
      () => resolve(socket),
    );
    socket.on('error', reject);
    socket.on('data', () => undefined);
  });
}

async function openUpload(
  domain: MediaDomain,
  client: MediaClient,
  length: number,
  id: string,
): Promise<TLSSocket> {
  const socket = await idle(domain, client);
  socket.write(
    `POST /${client.repository}/data/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return socket;
}

async function untilTrue(question: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (question()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('it did not come true');
}
