import { repositoryName } from '@sekisho/core/ids.ts';
import { CHANNEL_PATH } from '@sekisho/core/wire/agent.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { askPeers, resetHost } from '@sekisho/core/wire/names.ts';
import { allRoutes } from '@sekisho/core/wire/routes.ts';
import {
  allowReissue,
  createToken,
  registerHost,
  revokeHost,
  setSecurity,
  type SecuritySettings,
} from '@sekisho/core/wire/trust.ts';
import { certificateToPem, parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl } from '@sekisho/pki/crl.ts';
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet, type FleetHost } from '@sekisho/testkit/fleet.ts';
import { WebSocket } from 'ws';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { refusedWith } from './under-way.ts';

/** Key and chain, as a thief copied them from a host's disk. */
interface Stolen {
  readonly key: string;
  readonly cert: string;
}

/** How a TLS session may be continued. A server that keeps no sessions itself cannot know a session ID: it is tried all the same. */
const RESUMPTIONS: readonly (readonly [string, ConnectionOptions])[] = [
  ['TLS 1.3, a pre-shared key', { minVersion: 'TLSv1.3' }],
  ['TLS 1.2, a ticket', { maxVersion: 'TLSv1.2' }],
  ['TLS 1.2, a session ID', { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET }],
];

const fleet = await Fleet.start(
  { after },
  { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }, { name: 'desk' }] },
);
const vault = fleet.host('vault');
const laptop = fleet.host('laptop');
const thief = await stolenFrom(laptop);
const bystander = await stolenFrom(fleet.host('desk'));
const leaf = parsePemCertificates(thief.cert)[0]!;
const repository = repositoryName(laptop.hostId, 1);
const { ports } = fleet.server;

/** A door that opens to a certificate, and how it says that the certificate is revoked. */
interface Door {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly code: string;
}
const DOORS: readonly Door[] = [
  {
    name: 'the management server',
    port: ports.agent,
    path: '/v1/agent/documents/bundle',
    code: 'CERTIFICATE_REVOKED',
  },
  { name: 'the media server', port: vault.mediaPort, path: `/${repository}/data/`, code: 'PEER_REVOKED' },
];

async function stolenFrom(host: FleetHost): Promise<Stolen> {
  const read = (name: string): Promise<string> => readFile(join(host.dataFolder, 'identity', name), 'utf8');
  return { key: await read('key.pem'), cert: await read('certificate.pem') };
}

function dial(
  port: number,
  tls: ConnectionOptions,
  onSession: (session: Buffer) => void = () => undefined,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const to = tls.socket === undefined ? { host: '127.0.0.1', port } : {};
    const socket = connect({ ...to, rejectUnauthorized: false, ...tls }, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // cut: what came before tells
      resolve(socket);
    });
    socket.on('session', onSession);
    socket.once('error', reject);
  });
}

/** What comes until the other side ends the connection. */
function heard(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.once('close', () => resolve(text));
  });
}

/** T-60 A connection to the management server through the media server; what the media server says when it gives none. */
async function tunnel(outer: ConnectionOptions, inner: ConnectionOptions): Promise<TLSSocket | string> {
  const way = await dial(vault.mediaPort, outer);
  const target = `127.0.0.1:${ports.agent}`;
  way.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const [said] = (await Promise.race([once(way, 'data'), once(way, 'close')])) as unknown[];
  const text = Buffer.isBuffer(said) ? said.toString('latin1') : '';
  return statusOf(text) === 200 ? dial(0, { ...inner, socket: way }) : text;
}

const head = (method: string, path: string, more = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

/** One request on a connection of its own. */
async function knock(
  port: number,
  request: string,
  tls: ConnectionOptions,
): Promise<{ text: string; resumed: boolean; session: Buffer | undefined }> {
  let session: Buffer | undefined;
  const socket = await dial(port, tls, (made) => (session = made));
  const resumed = socket.isSessionReused();
  const answer = heard(socket);
  socket.write(request);
  const text = await answer;
  return { text, resumed, session };
}

const ask = (door: Door, tls: ConnectionOptions) =>
  knock(door.port, head('GET', door.path, 'Connection: close\r\n'), tls);
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
const isRefusal = (text: string, code: string): boolean => statusOf(text) === 403 && text.includes(code);

const sessions = new Map<string, Buffer>();
const live: { readonly what: string; readonly ended: Promise<unknown> }[] = [];

test('T-42 before: the stolen key is let in everywhere, and saves TLS sessions that are resumed', async () => {
  // the thief alone from here on: the host itself is off
  await laptop.agent.stop();
  // T-43: what was allowed before counts for nothing after
  await fleet.call(allowReissue, { params: { id: laptop.hostId }, body: { allow: true } });
  const made = await knock(
    vault.mediaPort,
    head('POST', `/${repository}/?create=true`, 'Connection: close\r\n'),
    thief,
  );
  assert.equal(statusOf(made.text), 200, made.text);
  for (const door of DOORS)
    for (const [how, options] of RESUMPTIONS) {
      const first = await ask(door, { ...thief, ...options });
      assert.equal(statusOf(first.text), 200, `${door.name}, ${how}: ${first.text}`);
      assert.ok(first.session, `${door.name}, ${how}`);
      sessions.set(`${door.name}, ${how}`, first.session);
      const again = await ask(door, { ...thief, ...options, session: first.session });
      assert.equal(statusOf(again.text), 200);
      assert.equal(again.resumed, !how.endsWith('session ID'), `${door.name}, ${how}`);
    }
  for (const door of DOORS) {
    const idle = await dial(door.port, thief);
    live.push({ what: `the idle connection to ${door.name}`, ended: heard(idle) });
    idle.write(head('GET', door.path));
    await once(idle, 'data');
  }
  const through = await tunnel({}, thief);
  assert.ok(typeof through !== 'string', String(through));
  live.push({ what: 'the connection through a tunnel', ended: heard(through) });
  through.write(head('GET', DOORS[0]!.path));
  await once(through, 'data');
  const upload = await dial(vault.mediaPort, thief);
  live.push({ what: 'a transfer to the media server', ended: heard(upload) });
  upload.write(`${head('POST', `/${repository}/data/${'ab'.repeat(32)}`, 'Content-Length: 100000\r\n')}half`);
  const channel = new WebSocket(`wss://127.0.0.1:${ports.agent}${CHANNEL_PATH}`, {
    ...thief,
    rejectUnauthorized: false,
  });
  channel.on('error', () => undefined);
  live.push({ what: 'the channel', ended: new Promise((resolve) => channel.once('close', resolve)) });
  await new Promise((resolve) => channel.once('open', resolve));
});

test('T-40 T-42 the revocation cuts every live connection: idle, in mid-transfer, and the channel', async () => {
  await fleet.call(revokeHost, { params: { id: laptop.hostId }, body: { reason: 'keyCompromise' } });
  for (const { what, ended } of live) {
    let over = false;
    void ended.then(() => (over = true));
    await eventually(`${what} is cut`, () => (over ? true : undefined));
  }
});

test('T-42 no saved TLS session gets past it: neither by a pre-shared key, nor by a ticket, nor by a session ID', async () => {
  for (const door of DOORS)
    for (const [how, options] of RESUMPTIONS) {
      const session = sessions.get(`${door.name}, ${how}`);
      assert.ok(session);
      for (const shown of [thief, {}]) {
        const { text, resumed } = await ask(door, { ...shown, ...options, session });
        assert.equal(resumed, false, `${door.name}, ${how}`);
        assert.ok(statusOf(text) === 401 || isRefusal(text, door.code), `${door.name}, ${how}: ${text}`);
      }
      const fresh = await ask(door, { ...thief, ...options });
      assert.ok(isRefusal(fresh.text, door.code), `${door.name}, ${how}: ${fresh.text}`);
    }
});

test('T-40 every route of agents refuses it, EST and the channel included', async () => {
  const paths = allRoutes()
    .filter(({ route }) => route.right === 'peer')
    .map(({ route }) => [route.method, route.path.replace(':type', 'bundle')] as const);
  assert.ok(paths.length >= 5);
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  for (const [method, path, more] of [
    ...paths.map(([method, path]) => [method, path, 'Connection: close\r\n'] as const),
    ['POST', '/.well-known/est/simplereenroll', 'Connection: close\r\n'] as const,
    ['GET', CHANNEL_PATH, upgrade] as const,
  ]) {
    const body = method === 'GET' ? '' : 'Content-Type: application/json\r\nContent-Length: 2\r\n';
    const { text } = await knock(
      ports.agent,
      head(method, path, more + body) + (body === '' ? '' : '{}'),
      thief,
    );
    assert.ok(isRefusal(text, 'CERTIFICATE_REVOKED'), `${method} ${path}: ${text}`);
  }
  const { text } = await ask(DOORS[0]!, bystander);
  assert.equal(statusOf(text), 200, 'and nobody else is touched');
});

test('T-60 T-40 no tunnel helps: not one that was opened without a certificate, and none is opened with this one', async () => {
  const through = await tunnel({}, thief);
  assert.ok(typeof through !== 'string', String(through));
  const answer = heard(through);
  through.write(head('GET', DOORS[0]!.path, 'Connection: close\r\n'));
  assert.ok(isRefusal(await answer, 'CERTIFICATE_REVOKED'));
  const refused = await tunnel(thief, thief);
  assert.ok(typeof refused === 'string' && isRefusal(refused, 'PEER_REVOKED'), String(refused));
});

test('T-52 T-50 it does not fall back to the plain protocol, neither as it is nor after its attributes were reset', async () => {
  const add = (name: string) => fleet.call(addLegacyHost, { body: { name } });
  await refusedWith('LEGACY_HOST_IS_SECURE', add('LAPTOP'));
  await fleet.call(resetHost, { params: { id: laptop.hostId } });
  const { key } = await add('laptop');
  const answer = await fetch(`http://127.0.0.1:${ports.http}/legacy/v1/plan`, {
    headers: { authorization: `Basic ${Buffer.from(`laptop:${key}`).toString('base64')}` },
  });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /LEGACY_HOST_REVOKED/);
});

test('T-41 the list that its certificate names has it, and OCSP calls it revoked', async () => {
  const { keys } = fleet.server.context;
  const issuing = keys.certificateOf('issuing');
  const [list] = leaf.tbs.extensions.crlUrls;
  const crl = parseCrl(Buffer.from(await (await fetch(list!)).arrayBuffer()));
  verifyCrl(crl, issuing);
  const entry = [...crl.entries()].find(({ serial }) => serial === leaf.serial);
  assert.equal(entry?.reason, 'keyCompromise');
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(fleet.folder, name), text);
    return join(fleet.folder, name);
  };
  const { stdout } = await promisify(execFile)('openssl', [
    ...['ocsp', '-url', leaf.tbs.extensions.ocspUrls[0]!],
    ...['-issuer', await file('issuing.pem', certificateToPem(issuing.der))],
    ...[
      '-cert',
      await file('leaf.pem', certificateToPem(leaf.der)),
      '-CAfile',
      await file('ca.pem', keys.caPem()),
    ],
  ]);
  assert.match(stdout, /leaf\.pem: revoked/);
});

test('T-31 T-42 who asks the management server about it, under any of its names, hears that it is revoked', async () => {
  const questions = (['accepted', 'dialled'] as const).flatMap((direction) =>
    ['laptop', '127.0.0.1', 'a-name-that-is-free.example'].map((name) => ({
      name,
      hostId: laptop.hostId,
      direction,
      fingerprint: leaf.fingerprint,
    })),
  );
  const body = JSON.stringify({ questions });
  const more = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  const { text } = await knock(ports.agent, head('POST', askPeers.path, more) + body, bystander);
  const { answers } = askPeers.reply.parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))));
  assert.equal(answers.length, questions.length);
  for (const [at, answer] of answers.entries())
    assert.deepEqual([answer.allow, answer.code], [false, 'PEER_REVOKED'], JSON.stringify(questions[at]));
});

test('T-43 T-12 T-13 it does not come back: by no level, as no known host, by no flag, and by no token but a reissue token of its own', async () => {
  const key = await generatePrivateKey('p256');
  const csr = await createCertificateRequest({
    signer: fileSigner(key),
    commonName: 'laptop',
    dns: ['laptop'],
    ips: [],
    uris: [],
    serverAuth: false,
  });
  const body = Buffer.from(csr).toString('base64');
  const enrol = async (token?: string): Promise<string> => {
    const basic =
      token === undefined ? '' : `Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}\r\n`;
    const more = `${basic}Connection: close\r\nContent-Type: application/pkcs10\r\nContent-Length: ${body.length}\r\n`;
    const { text } = await knock(ports.agent, head('POST', '/.well-known/est/simpleenroll', more) + body, {});
    return /sekisho-code: (\w+)/i.exec(text)?.[1] ?? `HTTP ${statusOf(text)}`;
  };
  const levels: readonly SecuritySettings['level'][] = ['very-high', 'high', 'medium'];
  for (const level of levels) {
    await fleet.call(setSecurity, { body: { level } });
    assert.equal(await enrol(), 'REISSUE_TOKEN_REQUIRED', level);
  }
  await fleet.call(registerHost, { body: { name: 'laptop' } });
  assert.equal(await enrol(), 'REISSUE_TOKEN_REQUIRED', 'registered as known');
  const again = fleet.call(allowReissue, { params: { id: laptop.hostId }, body: { allow: true } });
  await refusedWith('REISSUE_FOR_REVOKED', again);
  for (const [what, wish, code] of [
    ['a token for any host', {}, 'HOST_NAME_TAKEN'],
    ['a token of its name', { hostName: 'laptop' }, 'HOST_NAME_TAKEN'],
    ['a token of another name', { hostName: 'desk' }, 'TOKEN_REFUSED'],
    ["another host's reissue token", { reissueFor: 'desk' }, 'TOKEN_REFUSED'],
  ] as const) {
    const { token } = await fleet.call(createToken, { body: { name: what, ...wish } });
    assert.equal(await enrol(token), code, what);
  }
});
