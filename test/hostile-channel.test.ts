import { FRAME_BYTES_MAX } from '@sekisho/core/limits.ts';
import { CHANNEL_PATH, postHeartbeat, type Heartbeat } from '@sekisho/core/wire/agent.ts';
import { CLOSE_CODES } from '@sekisho/server/channel/close-codes.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { closed, isWholeRefusal, open, send } from './raw-request.ts';

/** WebSocket close codes of the protocol itself. @source RFC 6455 §7.4.1 */
const PROTOCOL_ERROR = 1002;
const BAD_DATA = 1007;
const TOO_BIG = 1009;
const MIB = 1024 * 1024;

async function start(t: TestContext) {
  const trust = await TrustServer.start(t);
  const host = await trust.enrol({ name: 'host.example' }, { token: await trust.token() });
  const other = await trust.enrol({ name: 'other.example' }, { token: await trust.token() });
  return { trust, host, other };
}

/** A channel as an agent opens it. */
async function channel(t: TestContext, trust: TrustServer, host: Identity): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${trust.server.ports.agent}${CHANNEL_PATH}`, {
    rejectUnauthorized: false,
    ...host.tls,
  });
  t.after(() => socket.terminate());
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

/** The same without a WebSocket library: whatever is written is what the server reads. */
async function rawChannel(t: TestContext, trust: TrustServer, host: Identity): Promise<Socket> {
  const socket = await open({ tls: trust.server.ports.agent, identity: host.tls });
  t.after(() => socket.destroy());
  socket.write(upgrade());
  await once(socket, 'data');
  return socket;
}

const upgrade = (change: Record<string, string> = {}): string => {
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...change,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${CHANNEL_PATH} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

/** One frame with a mask of zeros. @source RFC 6455 §5.2 */
function frame(first: number, payload: Uint8Array, options: { masked?: boolean; length?: bigint } = {}) {
  const masked = (options.masked ?? true) ? 0x80 : 0;
  const length = options.length ?? BigInt(payload.length);
  const head =
    length < 126n
      ? Buffer.from([first, masked | Number(length)])
      : Buffer.concat([Buffer.from([first, masked | 127]), Buffer.alloc(8)]);
  if (length >= 126n) head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, ...(masked === 0 ? [] : [Buffer.alloc(4)]), payload]);
}

const TEXT = 0x81;
const PING = 0x89;

const heartbeatOf = (trust: TrustServer, change: Partial<Heartbeat> = {}): Heartbeat => ({
  sentAtMs: trust.clock.nowMs(),
  bundleGeneration: 0,
  listSerial: 0,
  assignmentSerial: 0,
  policySerial: 0,
  crlNumber: 0,
  certificates: [],
  version: '1.0.0',
  bootId: 'boot',
  health: [],
  spooled: 0,
  ...change,
});

/** The other host is heard as if nothing were the matter. */
async function isHeard(trust: TrustServer, host: Identity): Promise<void> {
  const answer = await trust.agentRequest({
    method: 'POST',
    path: postHeartbeat.path,
    tls: host.tls,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(heartbeatOf(trust)),
  });
  assert.equal(answer.status, 200, answer.body);
}

test('invariant 8: frames that are malformed, binary or too large end the channel with a code that says why', async (t) => {
  const { trust, host, other } = await start(t);
  const frames: [string, string | Uint8Array, number][] = [
    ['no JSON', 'hello', CLOSE_CODES.FRAME_MALFORMED],
    ['empty', '', CLOSE_CODES.FRAME_MALFORMED],
    ['null', 'null', CLOSE_CODES.FRAME_MALFORMED],
    ['unknown type', '{"type":"job.offer","order":"x"}', CLOSE_CODES.FRAME_MALFORMED],
    ['deep', '['.repeat(500_000), CLOSE_CODES.FRAME_MALFORMED],
    ['deep and whole', `${'['.repeat(400_000)}${']'.repeat(400_000)}`, CLOSE_CODES.FRAME_MALFORMED],
    ['prototype', '{"type":"pong","__proto__":{"nonce":"x"}}', CLOSE_CODES.FRAME_MALFORMED],
    ['a number that is none', '{"type":"heartbeat","seq":1e999}', CLOSE_CODES.FRAME_MALFORMED],
    ['too many items', JSON.stringify({ type: 'spool', items: Array(21).fill({}) }), 4400],
    ['binary', Buffer.from('{"type":"pong","nonce":"x"}'), CLOSE_CODES.FRAME_MALFORMED],
    ['over the limit', ' '.repeat(FRAME_BYTES_MAX + 1), TOO_BIG],
  ];
  for (const [what, data, expected] of frames) {
    const socket = await channel(t, trust, host);
    socket.send(data);
    const [code] = await once(socket, 'close');
    assert.equal(code, expected, what);
  }
  await isHeard(trust, other);
  await isHeard(trust, host);
});

test('invariant 8: bytes that break the WebSocket protocol end the channel, and nothing else', async (t) => {
  const { trust, host, other } = await start(t);
  const text = Buffer.from('{"type":"pong","nonce":"x"}');
  const broken: [string, Buffer, number][] = [
    ['not masked', frame(TEXT, text, { masked: false }), PROTOCOL_ERROR],
    ['reserved bits', frame(0xf1, text), PROTOCOL_ERROR],
    ['compressed, which was not agreed', frame(0xc1, text), PROTOCOL_ERROR],
    ['unknown opcode', frame(0x83, text), PROTOCOL_ERROR],
    ['a continuation of nothing', frame(0x80, text), PROTOCOL_ERROR],
    ['a long ping', frame(PING, Buffer.alloc(200)), PROTOCOL_ERROR],
    ['no UTF-8', frame(TEXT, Buffer.from([0xff, 0xfe, 0xc0, 0x80])), BAD_DATA],
    ['an announced terabyte', frame(TEXT, Buffer.alloc(10), { length: 1n << 40n }), TOO_BIG],
    ['a negative length', frame(TEXT, Buffer.alloc(10), { length: (1n << 64n) - 1n }), TOO_BIG],
    ['garbage', Buffer.alloc(4096, 0x77), PROTOCOL_ERROR],
  ];
  for (const [what, bytes, expected] of broken) {
    const socket = await rawChannel(t, trust, host);
    const answered: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answered.push(chunk));
    socket.write(bytes);
    await closed(socket);
    const reply = Buffer.concat(answered);
    assert.equal(reply.readUInt8(0), 0x88, `${what}: a close frame comes`);
    assert.equal(reply.readUInt16BE(2), expected, what);
  }
  await isHeard(trust, other);
  await isHeard(trust, host);
});

test('invariant 6: an upgrade that is no WebSocket’s is refused with code, words and hint', async (t) => {
  const { trust, host } = await start(t);
  const target = { tls: trust.server.ports.agent, identity: host.tls };
  for (const change of [
    { 'Sec-WebSocket-Version': '7' },
    { 'Sec-WebSocket-Key': 'short' },
    { Upgrade: 'h2c' },
    { Upgrade: 'TLS/1.0' },
  ]) {
    const answer = await send(target, upgrade(change));
    assert.ok(isWholeRefusal(answer), `${JSON.stringify(change)}: ${answer.text}`);
  }
  const stranger = await send({ tls: trust.server.ports.agent }, upgrade());
  assert.equal(stranger.code, 'PEER_CERTIFICATE_REQUIRED');
  const elsewhere = await send(target, upgrade().replace(CHANNEL_PATH, '/v1/agent/heartbeat'));
  assert.equal(elsewhere.code, 'ROUTE_UNKNOWN');
});

test('invariant 8: who pings and does not read the answers is cut off before they fill the memory', async (t) => {
  const { trust, host, other } = await start(t);
  const socket = await rawChannel(t, trust, host);
  socket.pause();
  const pings = Buffer.concat(Array.from({ length: 4096 }, () => frame(PING, Buffer.alloc(125))));
  let sentBytes = 0;
  let cut = false;
  socket.once('close', () => (cut = true));
  while (!cut && sentBytes < 200 * MIB) {
    sentBytes += pings.length;
    if (!socket.write(pings))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
  }
  await until('it is cut', () => cut);
  assert.ok(sentBytes < 200 * MIB, `${sentBytes} bytes of pings`);
  await isHeard(trust, other);
});

test('invariant 8: a flood of frames ends the channel that sends it, and a message in endless pieces too', async (t) => {
  const { trust, host, other } = await start(t);
  const flood = await channel(t, trust, host);
  const ended = once(flood, 'close');
  const beat = JSON.stringify({ type: 'heartbeat', seq: 1, body: heartbeatOf(trust) });
  const spool = JSON.stringify({
    type: 'spool',
    items: [{ kind: 'event', spoolId: 'x', event: 'peer-refused', atMs: 1, detail: {} }],
  });
  for (let count = 0; count < 2_000; count += 1) flood.send(count % 2 === 0 ? beat : spool);
  const [code] = await ended;
  assert.equal(code, CLOSE_CODES.FRAME_QUEUE_FULL);

  const pieces = await rawChannel(t, trust, host);
  const answered: Buffer[] = [];
  pieces.on('data', (chunk: Buffer) => answered.push(chunk));
  pieces.write(frame(0x01, Buffer.from('{')));
  const many = Buffer.concat(Array.from({ length: 20_000 }, () => frame(0x00, Buffer.from(' '))));
  pieces.write(many);
  await closed(pieces);
  assert.equal(Buffer.concat(answered).readUInt8(0), 0x88);
  await isHeard(trust, other);
});
