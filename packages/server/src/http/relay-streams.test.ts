import { CHANNEL_PATH, postHeartbeat } from '@sekisho/core/wire/agent.ts';

import { listAudit, registerHost, revokeHost, setHostMedia, setSecurity } from '@sekisho/core/wire/trust.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { openRelayStream, RelayedAgent } from '@sekisho/testkit/relay-stream.ts';
import { csrOf, TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import { HOLDS_ALL } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { UNVERIFIED_PER_ADDRESS_MAX, VERIFIED_PER_HOST_MAX } from './connections.ts';
import { RELAY_STRANGERS_PER_HOST_MAX } from './relay-streams.ts';

let trust: TrustServer;
let relay: Identity;
const cleanups: (() => unknown)[] = [];
const hook = { after: (call: () => unknown) => void cleanups.push(call) };
before(async () => {
  trust = await TrustServer.start(hook);
  relay = await host('relay1', true);
});
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const host = async (name: string, media = false): Promise<Identity> =>
  trust.enrol({ name, names: [name], media }, { token: await trust.token({ media }) });
const port = (): number => trust.server.ports.agent;
const codeIn = (text: string): string | undefined => /"code":"([A-Z_]+)"/.exec(text)?.[1];

/** An agent of a client behind this media server; its connections end with the test. */
function behind(media: Identity, client?: Identity, address?: string): RelayedAgent {
  const agent = new RelayedAgent(port(), media.tls, client?.tls, address);
  hook.after(() => {
    agent.destroy();
  });
  return agent;
}
const beat = async (agent: RelayedAgent, client: Identity) =>
  trust.agentRequest({
    agent,
    method: postHeartbeat.method,
    path: postHeartbeat.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      sentAtMs: trust.clock.nowMs(),
      ...HOLDS_ALL,
      certificates: [client.certificate.fingerprint],
      version: '0.1.0',
      bootId: 'boot',
      health: [],
      spooled: 0,
    }),
  });
const enrolThrough = async (agent: RelayedAgent, name: string, token?: string) => {
  const key = await generatePrivateKey('p256');
  const basic =
    token === undefined ? {} : { authorization: `Basic ${Buffer.from(`token:${token}`).toString('base64')}` };
  const answer = await trust.agentRequest({
    agent,
    method: 'POST',
    path: '/.well-known/est/simpleenroll',
    headers: { 'content-type': 'application/pkcs10', ...basic },
    body: Buffer.from(await csrOf({ name, names: [name], key })).toString('base64'),
  });
  return { status: answer.status, code: answer.headers['sekisho-code'] };
};

test('T-60 through a media server a client speaks mutual TLS with the management server, which knows both', async () => {
  const client = await host('dmz-1');
  const agent = behind(relay, client);
  const answer = await beat(agent, client);
  assert.equal(answer.status, 200, answer.body);
  // the certificate at the server is the client's own, though the connection is the media server's
  const [inner] = agent.opened;
  assert.ok(inner !== undefined);
  assert.equal(trust.server.context.connections.count(client.hostId), 1);
  assert.ok(trust.server.context.connections.shownBy(client.hostId).has(client.certificate.fingerprint));
  assert.equal(trust.server.context.connections.count(relay.hostId), 1);
  // the address of a client is the media server's word: no name is mapped by it
  assert.equal(trust.server.context.names.index.find('192.0.2.1'), undefined);

  const anonymous = behind(relay);
  const refused = await beat(anonymous, client);
  assert.equal(codeIn(refused.body), 'PEER_CERTIFICATE_REQUIRED');
});

test('T-60 T-40 a tunnel ends at once when its client is revoked, and when its media server is', async () => {
  const [client, other] = [await host('dmz-2'), await host('dmz-3')];
  const media = await host('relay2', true);
  const [mine, its] = [behind(media, client), behind(media, other)];
  assert.equal((await beat(mine, client)).status, 200);
  assert.equal((await beat(its, other)).status, 200);
  await trust.call(revokeHost, { params: { id: client.hostId }, body: { reason: 'keyCompromise' } });
  await until('the client is cut', () => mine.opened[0]?.destroyed === true);
  assert.equal(its.opened[0]?.destroyed, false);
  assert.equal(codeIn((await beat(behind(media, client), client)).body), 'CERTIFICATE_REVOKED');

  await trust.call(revokeHost, { params: { id: media.hostId }, body: { reason: 'superseded' } });
  await until('the tunnel is cut', () => its.opened[0]?.destroyed === true);
  const again = await openRelayStream(port(), media.tls);
  assert.equal('refusal' in again && codeIn(again.refusal), 'CERTIFICATE_REVOKED');
  assert.equal((await beat(behind(relay, other), other)).status, 200);
});

test('T-61 T-12 a request through a tunnel needs a token at every level, known hosts too; the log names the media server', async () => {
  for (const level of ['medium', 'high', 'very-high'] as const) {
    await trust.call(setSecurity, { body: { level } });
    const name = `web-${level}`;
    await trust.call(registerHost, { body: { name } });
    const agent = behind(relay, undefined, '192.0.2.77');
    assert.equal((await enrolThrough(agent, name)).code, 'TUNNEL_TOKEN_REQUIRED', level);
    assert.equal((await enrolThrough(agent, name, 'not-a-token')).code, 'TOKEN_REFUSED', level);
    assert.equal((await enrolThrough(agent, name, await trust.token())).status, 200, level);
  }
  await trust.call(setSecurity, { body: { level: 'medium' } });
  assert.equal((await trust.ask({ name: 'direct', names: ['direct'] })).status, 200);
  await trust.call(setSecurity, { body: { level: 'high' } });
  const { rows } = await trust.call(listAudit, { query: { act: 'approve-certificate', limit: 20 } });
  const row = rows.find(({ detail }) => JSON.stringify(detail).includes('web-medium'));
  assert.equal(row?.origin, `192.0.2.77 via ${relay.hostId}`);
});

test('T-62 only a current media server relays, and only for clients that speak TLS', async () => {
  const plain = await host('not-media');
  const refused = await openRelayStream(port(), plain.tls);
  assert.equal('refusal' in refused && codeIn(refused.refusal), 'RELAY_NOT_MEDIA_SERVER');
  const nobody = await openRelayStream(port(), undefined);
  assert.equal('refusal' in nobody && codeIn(nobody.refusal), 'PEER_CERTIFICATE_REQUIRED');

  const old = await host('legacy-media', true);
  const { db } = trust.server.context.store;
  const wasLegacy = { legacy_since_ms: 1, secure_since_ms: null };
  await db.updateTable('hosts').set(wasLegacy).where('id', '=', old.hostId).execute();
  const legacy = await openRelayStream(port(), old.tls);
  assert.equal('refusal' in legacy && codeIn(legacy.refusal), 'RELAY_LEGACY');

  const stream = await openRelayStream(port(), relay.tls);
  assert.ok('socket' in stream);
  let text = '';
  stream.socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  stream.socket.resume();
  stream.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('it is answered', () => stream.socket.destroyed);
  assert.equal(codeIn(text), 'TUNNEL_CLIENT_LEGACY');
});

test('T-60 T-62 the tunnels of a host that is no media server any more are cut', async () => {
  const media = await host('relay3', true);
  const client = await host('dmz-4');
  const agent = behind(media, client);
  assert.equal((await beat(agent, client)).status, 200);
  await trust.call(setHostMedia, { params: { id: media.hostId }, body: { media: false } });
  await until('the tunnel is cut', () => agent.opened[0]?.destroyed === true);
});

test('T-60 a media server cannot nest tunnels, name no client, ask with another method or crowd others out', async () => {
  const stream = await openRelayStream(port(), relay.tls);
  assert.ok('socket' in stream);
  const nested = await openRelayStream(port(), relay.tls, { over: stream.socket });
  assert.equal('refusal' in nested && codeIn(nested.refusal), 'REQUEST_MALFORMED');
  for (const client of ['', 'localhost', '1.2.3', '192.0.2.1, 192.0.2.2']) {
    const odd = await openRelayStream(port(), relay.tls, { client });
    assert.equal('refusal' in odd && codeIn(odd.refusal), 'REQUEST_MALFORMED', client);
  }
  const elsewhere = await openRelayStream(port(), relay.tls, { path: '/v1/relay/x' });
  assert.equal('refusal' in elsewhere && codeIn(elsewhere.refusal), 'ROUTE_UNKNOWN');

  const crowd = await host('crowd', true);
  const sockets: TLSSocket[] = [];
  for (let count = 0; count < RELAY_STRANGERS_PER_HOST_MAX; count += 1) {
    const opened = await openRelayStream(port(), crowd.tls);
    assert.ok('socket' in opened, `${count}`);
    sockets.push(opened.socket);
  }
  assert.ok(RELAY_STRANGERS_PER_HOST_MAX > VERIFIED_PER_HOST_MAX);
  assert.ok(sockets.every((socket) => !socket.destroyed)); // none gave way as one of the host's own
  const over = await openRelayStream(port(), crowd.tls);
  assert.equal('refusal' in over && codeIn(over.refusal), 'TUNNELS_TOO_MANY');
  const client = await host('dmz-5');
  assert.equal((await beat(behind(relay, client), client)).status, 200);
  assert.ok(trust.server.context.connections.unverifiedCount < UNVERIFIED_PER_ADDRESS_MAX);
  for (const socket of sockets) socket.destroy();
});

test('T-60 a channel stays open through a tunnel', async () => {
  const client = await host('dmz-6');
  const stream = await openRelayStream(port(), relay.tls);
  assert.ok('socket' in stream);
  const inner = connect({ socket: stream.socket, rejectUnauthorized: false, ...client.tls });
  let text = '';
  inner.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  inner.write(
    `GET ${CHANNEL_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  );
  await until('the channel is open', () => text.startsWith('HTTP/1.1 101'));
  inner.destroy();
  await until('the stream ends with it', () => stream.socket.destroyed);
});

/** What a media server could read: everything that passes its stream, both ways. */
class Spy extends Duplex {
  readonly seen: Buffer[] = [];
  readonly #stream: TLSSocket;

  constructor(stream: TLSSocket) {
    super();
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.seen.push(chunk);
      this.push(chunk);
    });
    stream.on('end', () => this.push(null));
    stream.resume();
  }

  override _read(): void {
    return;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.seen.push(chunk);
    this.#stream.write(chunk, done);
  }
}

test('T-60 the media server sees TLS and nothing of what is in it: no token, no name, no answer', async () => {
  const token = await trust.token();
  const stream = await openRelayStream(port(), relay.tls);
  assert.ok('socket' in stream);
  const spy = new Spy(stream.socket);
  const inner = connect({ socket: spy, rejectUnauthorized: false });
  const key = await generatePrivateKey('p256');
  const csr = Buffer.from(await csrOf({ name: 'quiet-one', names: ['quiet-one'], key })).toString('base64');
  const credentials = Buffer.from(`token:${token}`).toString('base64');
  let text = '';
  inner.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  inner.write(
    `POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic ${credentials}\r\n` +
      `Content-Type: application/pkcs10\r\nContent-Length: ${csr.length}\r\n\r\n${csr}`,
  );
  await until('the certificate has come', () => inner.readableEnded);
  assert.match(text, /^HTTP\/1\.1 200 /);
  const passed = Buffer.concat(spy.seen).toString('latin1');
  assert.ok(passed.length > text.length);
  for (const secret of [
    token,
    credentials,
    csr.slice(0, 40),
    'quiet-one',
    'HTTP/1.1',
    'simpleenroll',
    text.slice(-80),
  ])
    assert.ok(!passed.includes(secret), secret);
});
