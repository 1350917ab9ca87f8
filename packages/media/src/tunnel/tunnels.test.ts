import { AppError } from '@sekisho/core/errors.ts';
import { parseServerId } from '@sekisho/core/ids.ts';
import type { TunnelServer } from '@sekisho/core/rules/tunnel.ts';
import { listen } from '@sekisho/platform/ports.ts';
import { MediaDomain } from '@sekisho/testkit/media-domain.ts';
import type { TestHost } from '@sekisho/testkit/test-authority.ts';
import { until } from '@sekisho/testkit/until.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { before, beforeEach, after, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import {
  STRANGER_TUNNEL_BYTES_MAX,
  STRANGER_TUNNEL_LIFETIME_MS,
  STRANGER_TUNNELS_MAX,
  STRANGER_TUNNELS_PER_ADDRESS_MAX,
  TUNNEL_HEAD_BYTES_MAX,
  TUNNEL_HEAD_MAX_MS,
  TUNNEL_SERVER_REST_MS,
  TUNNELS_PER_HOST_MAX,
} from '../tunnel-limits.ts';

const SERVER_ID = parseServerId('00000000-0000-4000-8000-000000000001');
assert.ok(SERVER_ID !== undefined);
const entry: TunnelServer = { serverId: SERVER_ID, address: 'backup.test', port: 13_000 };
const TARGET = 'backup.test:13000';

/** What the media server's agent would do: it opens a stream to the entry; here to a server that echoes. */
let listed: TunnelServer[] = [];
const opened: { server: TunnelServer; clientAddress: string }[] = [];
const far = new Set<Socket>();
let echoPort = 0;
let refusal: AppError | undefined;
const echo = createServer((socket) => {
  far.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => far.delete(socket));
  socket.pipe(socket);
});

let domain: MediaDomain;
const cleanups: (() => unknown)[] = [];
before(async () => {
  echoPort = await listen(echo, { host: '127.0.0.1', port: 0, flag: '' });
  domain = await MediaDomain.start(
    { after: (call: () => unknown) => void cleanups.push(call) },
    {
      tunnel: {
        servers: () => listed,
        async open(server, clientAddress) {
          opened.push({ server, clientAddress });
          if (refusal !== undefined) throw refusal;
          const socket = connectTcp({ host: '127.0.0.1', port: echoPort });
          await once(socket, 'connect');
          return socket;
        },
      },
    },
  );
});
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  echo.close();
});
beforeEach(() => {
  listed = [entry];
  refusal = undefined;
  opened.length = 0;
});

/** Opens TLS to the media server, and keeps all that comes back. */
async function knock(shown?: TestHost, localAddress = '127.0.0.1') {
  const socket = connect({
    host: '127.0.0.1',
    port: domain.port,
    ...{ localAddress }, // its types do not know it
    servername: 'localhost',
    ca: [domain.authority.rootPem],
    ...(shown === undefined ? {} : { key: shown.keyPem, cert: shown.chainPem }),
  });
  const state = { socket, text: '', isClosed: false };
  socket.on('data', (chunk: Buffer) => (state.text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (state.isClosed = true));
  await once(socket, 'secureConnect');
  return state;
}
type Knock = Awaited<ReturnType<typeof knock>>;

const ask = (socket: TLSSocket, target = TARGET, headers = ''): boolean =>
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${headers}\r\n`);
async function tunnel(shown?: TestHost, localAddress?: string): Promise<Knock> {
  const state = await knock(shown, localAddress);
  ask(state.socket);
  await until('the media server answered', () => state.text.includes('\r\n\r\n'));
  return state;
}
const codeIn = (text: string): string | undefined => /"code":"([A-Z_]+)"/.exec(text)?.[1];
const ended = (state: Knock): Promise<void> => until('the connection ended', () => state.isClosed);
/** What a connection is told that says this, and that nothing was dialled for it. */
async function refused(say: string, shown?: TestHost): Promise<string | undefined> {
  const state = await knock(shown);
  state.socket.write(say);
  await ended(state);
  assert.equal(opened.length, 0, say.slice(0, 60));
  return codeIn(state.text);
}

test('T-60 without a certificate a tunnel to a server of the list carries bytes both ways; its address is passed on', async () => {
  const state = await tunnel();
  assert.match(state.text, /^HTTP\/1\.1 200 /);
  state.socket.write('through and back');
  await until('the echo came', () => state.text.endsWith('through and back'));
  assert.deepEqual(opened, [{ server: entry, clientAddress: '127.0.0.1' }]);
  state.socket.end();
  await ended(state);
  await until('the far end is closed', () => far.size === 0);
});

test('T-60 no tunnel goes anywhere else, for hosts with a certificate neither', async () => {
  const host = await domain.authority.host();
  const targets = [
    '127.0.0.1:22',
    `127.0.0.1:${echoPort}`,
    'backup.test:22',
    'a:b@backup.test:13000',
    'localhost:13000',
  ];
  for (const target of targets)
    for (const shown of [undefined, host])
      assert.equal(
        await refused(`CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, shown),
        'TUNNEL_TARGET_REFUSED',
        `${target} ${shown?.hostId}`,
      );
  listed = [];
  assert.equal(await refused(`CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\n\r\n`), 'TUNNEL_TARGET_REFUSED');
});

test('T-60 T-02 without a certificate everything but a tunnel is refused as it was, at its first byte that differs', async () => {
  for (const say of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /x/ HTTP/1.1\r\n',
    'CONNEXION',
    '\r\n',
    '\0\0',
  ])
    assert.equal(await refused(say), 'PEER_CERTIFICATE_MISSING', JSON.stringify(say));
});

test('T-60 hostile wishes for a tunnel are refused: credentials, bodies, other forms, huge heads', async () => {
  const host = await domain.authority.host();
  for (const header of [
    'Proxy-Authorization: Basic dG9rZW46c2VjcmV0',
    'Authorization: Bearer x',
    'Content-Length: 5',
    'Cookie: a=b',
  ]) {
    const say = `CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`;
    assert.equal(await refused(say), 'TUNNEL_REQUEST_INVALID', header);
    assert.equal(await refused(say, host), 'TUNNEL_REQUEST_INVALID', header);
  }
  const bad = [
    `CONNECT ${TARGET} HTTP/1.0\r\nHost: x\r\n\r\n`,
    `CONNECT  ${TARGET} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `CONNECT ${TARGET} HTTP/1.1\r\n\r\n`,
    `CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n`,
    `CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n`,
    `CONNECT ${TARGET} HTTP/1.1\nHost: x\r\n\r\n`,
  ];
  for (const say of bad) assert.equal(await refused(say), 'TUNNEL_REQUEST_INVALID', JSON.stringify(say));
  const huge = `CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(TUNNEL_HEAD_BYTES_MAX)}`;
  assert.equal(await refused(huge), 'REQUEST_HEADERS_TOO_LARGE');
});

test('T-60 who asks drop by drop is cut off, and so is who says nothing', async () => {
  const slow = await knock();
  const silent = await knock();
  slow.socket.write(`CONNECT ${TARGET}`);
  // the first bytes have arrived: a second connection that came later was answered
  assert.equal(await refused('GET / HTTP/1.1\r\n\r\n'), 'PEER_CERTIFICATE_MISSING');
  await domain.clock.advance(TUNNEL_HEAD_MAX_MS + 1);
  await ended(slow);
  await ended(silent);
  assert.equal(codeIn(slow.text), 'REQUEST_TOO_SLOW');
  assert.equal(silent.text, '');
});

test('T-60 tunnels without a certificate are capped by address, in number, in bytes and in time', async () => {
  const mine: Knock[] = [];
  for (let count = 0; count < STRANGER_TUNNELS_PER_ADDRESS_MAX; count += 1) mine.push(await tunnel());
  const one = await tunnel();
  assert.equal(codeIn(one.text), 'TUNNELS_TOO_MANY');
  const others: Knock[] = [];
  for (let count = mine.length; count < STRANGER_TUNNELS_MAX; count += 1)
    others.push(await tunnel(undefined, `127.0.2.${Math.floor(count / 4)}`));
  assert.ok(others.every(({ text }) => text.startsWith('HTTP/1.1 200')));
  const next = await tunnel(undefined, '127.0.3.1');
  assert.match(next.text, /^HTTP\/1\.1 200/);
  await ended(mine[0]!); // the oldest gives way

  next.socket.write(Buffer.alloc(STRANGER_TUNNEL_BYTES_MAX + 1));
  await ended(next);

  await domain.clock.advance(STRANGER_TUNNEL_LIFETIME_MS);
  for (const state of [...mine, ...others]) await ended(state);
  await until('nothing is left open', () => far.size === 0);
});

test('T-60 T-42 a host shows its certificate to the media server: its tunnel lasts, within limits, and ends with a revocation', async () => {
  const host = await domain.authority.host();
  const other = await domain.authority.host();
  const [first, kept] = [await tunnel(host), await tunnel(other)];
  await domain.clock.advance(STRANGER_TUNNEL_LIFETIME_MS * 2);
  first.socket.write(Buffer.alloc(2 * STRANGER_TUNNEL_BYTES_MAX, 'x'));
  await until('all came back', () => first.text.length > 2 * STRANGER_TUNNEL_BYTES_MAX);
  for (let count = 1; count < TUNNELS_PER_HOST_MAX; count += 1) await tunnel(host);
  assert.equal(codeIn((await tunnel(host)).text), 'TUNNELS_TOO_MANY');
  await domain.revoke(host.certificate);
  await ended(first);
  assert.equal(codeIn((await tunnel(host)).text), 'PEER_REVOKED');
  assert.equal(kept.isClosed, false);

  listed = [];
  assert.equal(domain.server.cutUnlistedTunnels(), 1);
  await ended(kept);
  await until('nothing is left open', () => far.size === 0);
});

test('T-60 a management server that does not answer is named, and not dialled for everybody who asks meanwhile', async () => {
  refusal = new AppError('TUNNEL_SERVER_UNREACHABLE', { server: TARGET, detail: 'ECONNREFUSED' });
  for (let count = 0; count < 3; count += 1)
    assert.equal(codeIn((await tunnel()).text), 'TUNNEL_SERVER_UNREACHABLE');
  assert.equal(opened.length, 1);
  refusal = undefined;
  await domain.clock.advance(TUNNEL_SERVER_REST_MS);
  const state = await tunnel();
  assert.match(state.text, /^HTTP\/1\.1 200/);
  state.socket.destroy();
});

test('T-62 a legacy host that asks for a tunnel in plain is told that it needs to be current', async () => {
  const socket = connectTcp({ host: '127.0.0.1', port: domain.port });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(`CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'close');
  assert.equal(codeIn(text), 'TUNNEL_CLIENT_LEGACY');
  assert.equal(opened.length, 0);
});

test('T-60 tunnels end when the media server stops', async () => {
  const state = await tunnel();
  await domain.stop();
  await ended(state);
  await until('nothing is left open', () => far.size === 0);
});
