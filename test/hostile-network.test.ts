import { TOKEN_FAILURES_MAX } from '@sekisho/server/features/issuance/attempt-limits.ts';
import { UNVERIFIED_PER_ADDRESS_MAX, VERIFIED_PER_HOST_MAX } from '@sekisho/server/http/connections.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { csrOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { closed, exchange, isWholeRefusal, open, send, type Target } from './raw-request.ts';

/** More than one address may keep open without showing a certificate. */
const IDLE_CONNECTIONS = 500;
const MIB_100 = 100 * 1024 * 1024;

/** Opens so many connections; they are destroyed when the test has ended. */
async function crowd(t: TestContext, count: number, target: Target): Promise<Socket[]> {
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(50, count - sockets.length) }, () => open(target));
    sockets.push(...(await Promise.all(batch)));
  }
  for (const socket of sockets) socket.resume();
  return sockets;
}

const alive = (sockets: readonly Socket[]): number => sockets.filter((socket) => !socket.destroyed).length;

/** A fresh host comes in with a token, as if nothing were the matter. */
async function enrolsAsUsual(trust: TrustServer, name: string): Promise<void> {
  const host = await trust.enrol({ name }, { token: await trust.token() });
  const answer = await trust.agentRequest({ path: '/v1/agent/documents/policy', tls: host.tls });
  assert.equal(answer.status, 200, answer.body);
}

test('T-02 plain HTTP, old TLS and garbage get no answer from the TLS ports, and the connection ends', async (t) => {
  const trust = await TrustServer.start(t);
  for (const port of [trust.server.ports.agent, trust.server.ports.admin]) {
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', randomBytes(4096), Buffer.alloc(64)]) {
      const answer = await send({ tcp: port }, bytes);
      assert.ok(!answer.text.includes('HTTP/1.1 2'), answer.text);
    }
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      await assert.rejects(
        new Promise((resolve, reject) => {
          const socket = connectTls({
            host: '127.0.0.1',
            port,
            rejectUnauthorized: false,
            minVersion: version,
            maxVersion: version,
            ciphers: 'DEFAULT@SECLEVEL=0',
          });
          socket.once('secureConnect', resolve);
          socket.once('error', reject);
        }),
        `${version} on port ${port}`,
      );
    }
  }
  await enrolsAsUsual(trust, 'after.example');
});

test('invariant 8: hundreds of idle connections to each port keep nobody out, and give way to newer ones', async (t) => {
  const trust = await TrustServer.start(t);
  const { ports } = trust.server;
  const baseline = trust.server.context.connections.unverifiedCount;
  const silent = await crowd(t, IDLE_CONNECTIONS, { tcp: ports.agent });
  const handshaken = await crowd(t, IDLE_CONNECTIONS, { tls: ports.agent });
  assert.ok(trust.server.context.connections.unverifiedCount <= UNVERIFIED_PER_ADDRESS_MAX);
  await until('the oldest were cut', () => alive([...silent, ...handshaken]) <= UNVERIFIED_PER_ADDRESS_MAX);
  const pages = [
    ...(await crowd(t, IDLE_CONNECTIONS, { tcp: ports.http })),
    ...(await crowd(t, IDLE_CONNECTIONS, { tcp: ports.admin })),
  ];
  await until('the oldest were cut there too', () => alive(pages) <= 2 * UNVERIFIED_PER_ADDRESS_MAX);
  const page = 'GET /ca.pem HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n\r\n';
  assert.equal((await send({ tcp: ports.http }, page)).status, 200);
  assert.equal((await send({ tls: ports.admin }, page)).status, 200);
  await enrolsAsUsual(trust, 'beside.example');
  for (const socket of [...silent, ...handshaken]) socket.destroy();
  await until('nothing is left of them', () => trust.server.context.connections.unverifiedCount <= baseline);
});

test('invariant 8: one host that opens connection after connection loses its oldest, and no other host any', async (t) => {
  const trust = await TrustServer.start(t);
  const insider = await trust.enrol({ name: 'insider.example' }, { token: await trust.token() });
  const other = await trust.enrol({ name: 'other.example' }, { token: await trust.token() });
  const [kept] = await crowd(t, 1, { tls: trust.server.ports.agent, identity: other.tls });
  const many = await crowd(t, 2 * VERIFIED_PER_HOST_MAX, {
    tls: trust.server.ports.agent,
    identity: insider.tls,
  });
  await until('the oldest were cut', () => alive(many) <= VERIFIED_PER_HOST_MAX);
  assert.ok(many.at(-1)?.destroyed === false, 'the newest stays');
  assert.equal(kept?.destroyed, false);
  // every one that is open is in the books: a revocation finds it
  const { connections } = trust.server.context;
  await until('the books are right', () => connections.count(insider.hostId) === alive(many));
  connections.cut(insider.hostId);
  await until('all are cut', () => alive(many) === 0);
  assert.equal(kept?.destroyed, false);
});

test('invariant 8: headers and bodies that are dribbled hold nobody up, and late headers are told so', async (t) => {
  const trust = await TrustServer.start(t);
  const { ports } = trust.server;
  const slow = await crowd(t, 60, { tls: ports.agent });
  for (const [index, socket] of slow.entries()) {
    if (index % 2 === 0) socket.write('GET /v1/bundle HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    else
      socket.write(
        'POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkcs10\r\nContent-Length: 9999\r\n\r\nM',
      );
  }
  const [lorisOnPages] = await crowd(t, 1, { tcp: ports.http });
  assert.ok(lorisOnPages);
  lorisOnPages.pause();
  const told = exchange(lorisOnPages, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  for (const socket of slow) socket.write('a');
  await enrolsAsUsual(trust, 'beside.example');
  const answer = await told; // some ten seconds
  assert.equal(answer.code, 'REQUEST_TOO_SLOW', answer.text);
  assert.ok(isWholeRefusal(answer));
  await Promise.all(slow.filter((_, index) => index % 2 === 0).map(closed));
});

test('T-13 guessing tokens is limited by address: the guesser waits, nobody else does', async (t) => {
  const trust = await TrustServer.start(t);
  const csr = Buffer.from(
    await csrOf({ name: 'guess.example', key: await generatePrivateKey('p256') }),
  ).toString('base64');
  const guess = (from: string, token: string) => {
    const credentials = Buffer.from(`x:${token}`).toString('base64');
    return send(
      { tls: trust.server.ports.agent, from },
      'POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkcs10\r\n' +
        `Authorization: Basic ${credentials}\r\nX-Forwarded-For: 192.0.2.${token.length}\r\n` +
        `Content-Length: ${csr.length}\r\nConnection: close\r\n\r\n${csr}`,
    );
  };
  const right = await trust.token();
  const codes = new Set<string | undefined>();
  for (let tries = 0; tries < TOKEN_FAILURES_MAX; tries += 1) {
    const answer = await guess('127.0.0.2', `${right.slice(0, -1)}.${tries}`);
    assert.ok(isWholeRefusal(answer), answer.text);
    codes.add(answer.code);
  }
  assert.deepEqual([...codes], ['TOKEN_REFUSED']);
  const limited = await guess('127.0.0.2', right);
  assert.equal(limited.code, 'RATE_LIMITED', 'also with a right token');
  assert.ok(isWholeRefusal(limited) && Number(limited.headers['retry-after']) > 0);
  assert.equal((await guess('127.0.0.3', right)).status, 200);
  await enrolsAsUsual(trust, 'beside.example');
});

test('invariant 8: after a thousand refused requests memory and open sockets are as before', async (t) => {
  const trust = await TrustServer.start(t);
  const hosts = 'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const round = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          index % 2 === 0
            ? send({ tcp: trust.server.ports.http }, hosts)
            : send({ tls: trust.server.ports.agent }, randomBytes(2_000)),
        ),
      );
  };
  const socketsNow = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCPSocket')).length;
  await round(200);
  await until('the first are gone', () => trust.server.context.connections.unverifiedCount === 0);
  const before = { heapBytes: process.memoryUsage().heapUsed, sockets: socketsNow() };
  await round(1_000);
  await until('all are gone', () => trust.server.context.connections.unverifiedCount === 0);
  await until('no socket is left', () => socketsNow() <= before.sockets);
  assert.ok(process.memoryUsage().heapUsed - before.heapBytes < MIB_100);
  await enrolsAsUsual(trust, 'after.example');
});
