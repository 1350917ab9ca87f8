import { AppError } from '@sekisho/core/errors.ts';
import { ADMIN_BODY_BYTES_MAX } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { createToken, listHosts } from '@sekisho/core/wire/trust.ts';
import { issueServerTls } from '@sekisho/pki/issue.ts';
import { generatePrivateKey, privateKeyToPem, spkiOf } from '@sekisho/pki/keys.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WORKER_BLIND_MS_MAX } from '../store/workers.ts';
import { UNVERIFIED_PER_ADDRESS_MAX } from './connections.ts';

const BUNDLE = '/v1/agent/documents/bundle';
const code = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code;

test('5,000 idle connections take nothing from those who have a certificate, nor from newcomers', async (t) => {
  const trust = await TrustServer.start(t);
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  const [kept] = Object.values(agent.freeSockets).flat();
  const idle: Socket[] = [];
  t.after(() => idle.forEach((socket) => socket.destroy()));
  for (let round = 0; round < 50; round += 1) {
    const opened = Array.from({ length: 100 }, () => {
      const socket = connectTcp({ host: '127.0.0.1', port: trust.server.ports.agent });
      socket.on('error', () => undefined);
      idle.push(socket);
      return new Promise((resolve) => {
        socket.once('connect', resolve);
        socket.once('close', resolve);
      });
    });
    await Promise.all(opened);
  }
  const { connections } = trust.server.context;
  assert.ok(connections.unverifiedCount <= UNVERIFIED_PER_ADDRESS_MAX);
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  assert.equal(kept?.destroyed, false);
  await trust.enrol({ name: 'web2.example' }, { token: await trust.token() });
});

test('slow-loris: headers that never end, and silence after the handshake, are cut', async (t) => {
  const trust = await TrustServer.start(t);
  const open = async (bytes: string): Promise<Promise<unknown>> => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: trust.server.ports.agent,
      rejectUnauthorized: false,
    });
    t.after(() => socket.destroy());
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(bytes);
    return new Promise((resolve) => socket.once('close', resolve));
  };
  const cut = [await open('GET / HTTP/1.1\r\nX-Slow: '), await open('')];
  await Promise.all(cut);
  await eventually('no connection is left', () =>
    trust.server.context.connections.unverifiedCount === 0 ? true : undefined,
  );
});

test('T-02 a certificate of another domain, an expired one and an unknown one are refused, each with its check', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const stranger = await TrustServer.start(t, { clock });
  const foreign = await stranger.enrol({ name: 'web1.example' }, { token: await stranger.token() });
  const other = await trust.agentRequest({ path: BUNDLE, tls: foreign.tls });
  assert.equal(other.status, 401);
  assert.equal(code(other.body), 'PEER_CHAIN_UNTRUSTED');
  assert.equal((await trust.agentRequest({ path: '/v1/bundle', tls: foreign.tls })).status, 200);
  const none = await trust.agentRequest({ path: BUNDLE });
  assert.equal(code(none.body), 'PEER_CERTIFICATE_REQUIRED');
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  await trust.server.context.store.db.deleteFrom('certificates').where('host_id', '=', host.hostId).execute();
  await trust.restart();
  assert.equal(
    code((await trust.agentRequest({ path: BUNDLE, tls: host.tls })).body),
    'PEER_CERTIFICATE_UNKNOWN',
  );
  const second = await trust.enrol({ name: 'web2.example' }, { token: await trust.token() });
  clock.jump(366 * DAY_MS);
  assert.equal(
    code((await trust.agentRequest({ path: BUNDLE, tls: second.tls })).body),
    'PEER_CERTIFICATE_EXPIRED',
  );
});

test('T-02 a certificate that expires while its connection is open is refused at the next request', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  clock.jump(366 * DAY_MS);
  assert.equal(
    code((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).body),
    'PEER_CERTIFICATE_EXPIRED',
  );
});

test('T-02 TLS below 1.2 is not spoken', async (t) => {
  const trust = await TrustServer.start(t);
  const socket = connectTls({
    host: '127.0.0.1',
    port: trust.server.ports.agent,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  await assert.rejects(
    new Promise((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    }),
  );
});

test('S-05 administration is on the socket and the administration port: neither the agent port nor the plain one knows its routes', async (t) => {
  const trust = await TrustServer.start(t);
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  assert.equal(code((await trust.agentRequest({ path: '/v1/hosts', tls: host.tls })).body), 'ROUTE_UNKNOWN');
  for (const [port, secure] of [
    [trust.server.ports.admin, true],
    [trust.server.ports.http, false],
  ] as const) {
    const refused = secure ? 'SIGN_IN_REQUIRED' : 'ROUTE_UNKNOWN';
    assert.equal(code((await get(port, '/v1/hosts', secure)).body), refused);
    const page = await get(port, '/', secure);
    assert.match(page.body, new RegExp(trust.caFingerprint));
    assert.equal((await get(port, '/ca.pem', secure)).body, trust.server.context.keys.caPem());
  }
  assert.equal((await get(trust.server.ports.admin, '/healthz', true)).status, 200);
  assert.equal((await get(trust.server.ports.admin, '/readyz', true)).status, 200);
  assert.equal((await get(trust.server.ports.http, '/crl/..%2f..%2fkek', false)).status, 404);
});

test('a body that is too large, not JSON or not as declared is refused with what is wrong', async (t) => {
  const trust = await TrustServer.start(t);
  const post = (body: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: trust.server.socketPath,
          method: 'POST',
          path: '/v1/tokens',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('end', () => {
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
          });
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  const large = await post(JSON.stringify({ name: 'x'.repeat(ADMIN_BODY_BYTES_MAX) }));
  assert.equal(code(large.body), 'BODY_TOO_LARGE');
  assert.match(large.body, new RegExp(String(ADMIN_BODY_BYTES_MAX)));
  assert.equal(code((await post('{"name":')).body), 'BODY_INVALID');
  await assert.rejects(
    trust.call(createToken, { body: { name: '', usesMax: 0 } }),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'BODY_INVALID' &&
      /name/.test(String(error.params['detail'])) &&
      /usesMax/.test(String(error.params['detail'])),
  );
});

test('the TLS certificate is swapped in the running process, and open connections go on', async (t) => {
  const trust = await TrustServer.start(t);
  const { keys, domain, clock } = trust.server.context;
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  const key = await generatePrivateKey('p256');
  const fresh = await issueServerTls({
    domainId: domain.id,
    serverId: domain.serverId,
    dns: ['localhost'],
    ips: ['127.0.0.1'],
    spkiDer: spkiOf(key),
    issuer: { certificate: keys.certificateOf('root'), signer: keys.signerFor('root') },
    notBeforeMs: clock.nowMs(),
    notAfterMs: clock.nowMs() + DAY_MS,
    serial: systemRandom.bytes(16),
  });
  trust.server.replaceTls({ key: privateKeyToPem(key), cert: certificateToPem(fresh.der) });
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls, agent })).status, 200);
  assert.equal(await servedFingerprint(trust.server.ports.agent), fresh.fingerprint);
  assert.equal(await servedFingerprint(trust.server.ports.admin), fresh.fingerprint);
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls })).status, 200);
  assert.equal((await trust.call(listHosts)).hosts.length, 2);
});

eachStore((dialect) => {
  test('F-37 S-07 a server process that lost sight of the others shows no certificate any more: they may have withdrawn it; with SQLite there are no others', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { agent } = trust.server.ports;
    let lagMs = WORKER_BLIND_MS_MAX - 1;
    Object.defineProperty(trust.server.context.feed, 'lagMs', { get: () => lagMs });
    const shown = await servedFingerprint(agent);
    assert.match(shown, /^[0-9a-f]{64}$/, 'at first requests are refused, which tells agents more');
    lagMs = WORKER_BLIND_MS_MAX;
    if (dialect === 'sqlite') assert.equal(await servedFingerprint(agent), shown);
    else await assert.rejects(servedFingerprint(agent), { code: 'ECONNRESET' });
    lagMs = 0;
    assert.equal(await servedFingerprint(agent), shown);
  });
});

const servedFingerprint = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve((socket.getPeerX509Certificate()?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase());
      socket.destroy();
    });
    socket.once('error', reject);
  });

const get = (port: number, path: string, secure: boolean): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false } as const;
    const sent = (secure ? httpsRequest : request)(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
