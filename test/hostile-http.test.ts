import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BROKEN_REQUESTS } from './broken-requests.ts';
import { isWholeRefusal, send, type Target } from './raw-request.ts';

const MIB = 1024 * 1024;

/** Every place of a management server where a stranger's bytes arrive. */
const doorsOf = ({ server }: TrustServer): [string, Target][] => [
  ['agent port', { tls: server.ports.agent }],
  ['administration port', { tls: server.ports.admin }],
  ['plain port', { tcp: server.ports.http }],
  ['administration socket', { unix: server.socketPath }],
];

const get = (path: string, extra = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: server.example\r\n${extra}Connection: close\r\n\r\n`;

test('invariant 6: addresses that do not exist, wrong methods and tricks with paths are refused with code, words and hint', async (t) => {
  const server = await TrustServer.start(t);
  const requests = [
    get('/nowhere'),
    get('//'),
    get('/.'),
    get('//.well-known/est/cacerts'),
    get('/.well-known/est/../../etc/passwd'),
    get('/.well-known/est/%2e%2e/%2e%2e/server.json'),
    get('/..%2fserver.json'),
    get('/%00'),
    get('/a%00b'),
    get('/%'),
    get('/%zz/%ff%fe'),
    get('/v1/agent/documents/%c0%ae'),
    get(`/${'a/'.repeat(3000)}`),
    get('/.well-known/est/simpleenroll'),
    get('/v1/agent/heartbeat'),
    get('/v1/hosts/../../x'),
    get('http://elsewhere.example/.well-known/est/nothing'),
    'DELETE /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'PUT /v1/bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    'PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    get('/v1/agent/channel', 'Upgrade: websocket\r\n'),
    get('/nowhere', 'Expect: 200-maybe\r\n'),
  ];
  for (const [door, target] of doorsOf(server)) {
    for (const request of requests) {
      const answer = await send(target, request);
      assert.ok(isWholeRefusal(answer), `${door}: ${request.slice(0, 60)} gave ${answer.text.slice(0, 300)}`);
    }
  }
});

test('invariant 6: what is no HTTP request, or breaks its rules, is refused with code, words and hint, and cut off', async (t) => {
  const server = await TrustServer.start(t);
  for (const [door, target] of doorsOf(server)) {
    for (const [what, parts] of BROKEN_REQUESTS) {
      const answer = await send(target, ...parts);
      assert.ok(isWholeRefusal(answer), `${door}: ${what} gave ${answer.text.slice(0, 300)}`);
    }
  }
});

test('invariant 8: 10 MB of garbage to each address of each port is refused without being kept', async (t) => {
  const server = await TrustServer.start(t);
  const garbage = randomBytes(10 * MIB);
  const posts: [string, Target, string][] = [
    ...(['simpleenroll', 'simplereenroll', 'cacerts', 'csrattrs', 'nothing'] as const).map(
      (name): [string, Target, string] => [
        `EST ${name}`,
        { tls: server.server.ports.agent },
        `/.well-known/est/${name}`,
      ],
    ),
    ['heartbeat', { tls: server.server.ports.agent }, '/v1/agent/heartbeat'],
    ['a page', { tls: server.server.ports.admin }, '/'],
    ['the plain port', { tcp: server.server.ports.http }, '/crl'],
    ['an administrator', { unix: server.server.socketPath }, '/v1/tokens'],
  ];
  for (const [what, target, path] of posts) {
    const head =
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkcs10\r\n` +
      `Content-Length: ${garbage.length}\r\nConnection: close\r\n\r\n`;
    const answer = await send(target, head, garbage);
    assert.ok(isWholeRefusal(answer), `${what} gave ${answer.text.slice(0, 300)}`);
  }
  for (const [door, target] of doorsOf(server)) {
    const answer = await send(target, garbage);
    assert.ok(isWholeRefusal(answer), `${door} gave ${answer.text.slice(0, 100)}`);
  }
  const token = await server.token();
  assert.ok(await server.enrol({ name: 'after.example' }, { token }));
});

test('invariant 8: JSON that is deep, long, poisoned or of another type is refused on every route of administration', async (t) => {
  const server = await TrustServer.start(t);
  const target: Target = { unix: server.server.socketPath };
  const bodies = [
    '{',
    '[]'.repeat(1),
    'null',
    '"text"',
    '{"__proto__": {"name": "x"}}',
    '{"constructor": {"prototype": {"name": "x"}}}',
    `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
    `{"name": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    JSON.stringify({ name: 'a'.repeat(500_000) }),
    JSON.stringify({ name: 'x\u0000y' }),
    JSON.stringify({ name: 'x', usesMax: 1e308 }),
    JSON.stringify({ name: ['x'] }),
    '\ufeff{}',
    '\xff\xfe',
  ];
  for (const path of ['/v1/tokens', '/v1/plans', '/v1/restores', '/v1/points/delete']) {
    for (const body of bodies) {
      const bytes = Buffer.from(body, 'utf8');
      const answer = await send(
        target,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`,
        bytes,
      );
      assert.ok(isWholeRefusal(answer), `${path} ${body.slice(0, 40)} gave ${answer.text.slice(0, 300)}`);
      assert.ok(answer.status < 500, `${path} ${body.slice(0, 40)} gave ${answer.text.slice(0, 300)}`);
    }
    const otherType = await send(
      target,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>`,
    );
    assert.ok(isWholeRefusal(otherType), otherType.text);
  }
  assert.equal(({} as { name?: string }).name, undefined);
});
