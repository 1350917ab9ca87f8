import type { StreamEvent } from '@sekisho/core/wire/events.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { newApiKey } from '@sekisho/testkit/web-client.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Cli } from './cli.ts';
import { followEvents } from './client/event-source.ts';
import { openServer } from './client/open-server.ts';
import { parseServer } from './client/remote.ts';
import { runCli } from './main.ts';
import { LOCAL_VERBS } from './program.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';
import { VERBS } from './verbs.ts';

let server: TrustServer;
let key: string;
let url: string;
const endings: (() => unknown)[] = [];
const owner = { after: (work: () => unknown) => void endings.push(work) };
before(async () => {
  server = await TrustServer.start(owner, { clock: systemClock });
  key = await newApiKey(server, 'office');
  url = `https://127.0.0.1:${server.server.ports.admin}`;
});
after(async () => {
  for (const end of endings) await end();
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function sekisho(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const terminal = fakeTerminal({
    env: {
      LANG: 'C.UTF-8',
      SEKISHO_SERVER: url,
      SEKISHO_CA_FINGERPRINT: server.caFingerprint,
      SEKISHO_API_KEY: key,
      // nobody listens there: proxies of the environment are not asked
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NODE_USE_ENV_PROXY: '1',
      ...env,
    },
  });
  // the server's certificate is of today
  const code = await runCli(argv, { ...terminal.io, clock: systemClock, random: systemRandom });
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}

test('S-05 S-01 a server on another machine is administered over HTTPS, as on the machine itself', async (t) => {
  const status = await sekisho(['server', 'status', '--json']);
  assert.equal(status.code, 0, status.err + status.out);
  const shown = JSON.parse(status.out) as { server: string; domain: { caFingerprint: string } };
  assert.deepEqual([shown.server, shown.domain.caFingerprint], [url, server.caFingerprint]);
  const made = await sekisho(['token', 'create', '--name', 'remote', '--json']);
  assert.equal(made.code, 0, made.err + made.out);
  assert.match(made.out, /"token"/);
  const folder = await tempFolder(t);
  await writeFile(join(folder, 'key'), `${key}\n`);
  const options = ['--server', url, '--ca-fingerprint', server.caFingerprint.toUpperCase()];
  const nothing = { SEKISHO_SERVER: '', SEKISHO_CA_FINGERPRINT: '', SEKISHO_API_KEY: '' };
  for (const argv of [
    ['token', 'list', ...options, '--api-key-file', join(folder, 'key')],
    [...options, '--api-key-file', join(folder, 'key'), 'token', 'list'],
  ]) {
    const listed = await sekisho(argv, nothing);
    assert.equal(listed.code, 0, listed.err);
    assert.match(listed.out, /remote/);
  }
});

test('S-05 without the right fingerprint no key is sent, and both fingerprints are shown', async () => {
  const wrong = '0'.repeat(64);
  const refused = await sekisho(['host', 'list'], { SEKISHO_CA_FINGERPRINT: wrong });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /REMOTE_FINGERPRINT_WRONG/);
  for (const shown of [wrong, server.caFingerprint]) assert.ok(refused.err.includes(shown));
  const named = await sekisho(['host', 'list'], { SEKISHO_SERVER: url.replace('127.0.0.1', 'localhost') });
  assert.ok(
    named.code === 0 || /PEER_NAME_WRONG/.test(named.err),
    'a name that the certificate does not carry',
  );
});

/** What goes wrong, and the words that say what to do. */
const REFUSALS: readonly [
  what: string,
  env: () => Record<string, string>,
  argv: string[],
  expected: RegExp,
  code: number,
][] = [
  [
    'no key',
    () => ({ SEKISHO_API_KEY: '' }),
    ['host', 'list'],
    /REMOTE_API_KEY_NEEDED[^]*SEKISHO_API_KEY/,
    1,
  ],
  [
    'a wrong key',
    () => ({ SEKISHO_API_KEY: 'wrong' }),
    ['host', 'list'],
    /SIGN_IN_REQUIRED|API_KEY_REFUSED/,
    1,
  ],
  [
    'no fingerprint',
    () => ({ SEKISHO_CA_FINGERPRINT: '' }),
    ['host', 'list'],
    /REMOTE_FINGERPRINT_NEEDED/,
    1,
  ],
  [
    'nobody there',
    () => ({ SEKISHO_SERVER: 'https://127.0.0.1:1' }),
    ['host', 'list'],
    /REMOTE_UNREACHABLE.*\n.*proxies/,
    1,
  ],
  ['plain HTTP', () => ({ SEKISHO_SERVER: 'http://127.0.0.1' }), ['host', 'list'], /USAGE_SERVER_INVALID/, 2],
  [
    'a path',
    () => ({ SEKISHO_SERVER: 'https://127.0.0.1/api' }),
    ['host', 'list'],
    /USAGE_SERVER_INVALID/,
    2,
  ],
  [
    'the agent port',
    () => ({ SEKISHO_SERVER: `https://127.0.0.1:${server.server.ports.agent}` }),
    ['host', 'list'],
    /REMOTE_PORT_WRONG[^]*sekisho host list --server https:\/\/127\.0\.0\.1:13291/,
    1,
  ],
  ['a local verb', () => ({}), ['server', 'init', '--name', 'x', '--server', 'x'], /USAGE_LOCAL_ONLY/, 2],
  [
    'a local verb while a variable names a server',
    () => ({}),
    ['db', 'migrate', '--from', 'sqlite', '--to', 'postgres://db.example/x'],
    /USAGE_LOCAL_ONLY_VARIABLE[^]*sekisho db migrate .* --data \/var\/lib\/sekisho\/server/,
    2,
  ],
  [
    'a local verb with a folder of this machine, as far as that goes,',
    () => ({}),
    ['config', 'show', '--data', '/nowhere'],
    /SERVER_NOT_INITIALISED/,
    1,
  ],
  ['another local verb', () => ({}), ['agent', 'run', '--server', 'x'], /USAGE_LOCAL_ONLY/, 2],
  [
    'both places',
    () => ({}),
    ['host', 'list', '--server', 'x', '--data', '/nowhere'],
    /USAGE_OPTIONS_CONFLICT/,
    2,
  ],
  ['a data folder', () => ({}), ['host', 'list', '--data', '/nowhere'], /SERVER_NOT_INITIALISED/, 1],
];
for (const [what, env, argv, expected, code] of REFUSALS)
  test(`S-05 from another machine: ${what} is refused with what to do`, async () => {
    const refused = await sekisho(argv, env());
    assert.match(refused.err, expected);
    assert.equal(refused.code, code);
    assert.ok(!refused.err.includes(key));
  });

test('S-05 what is no management server is said to be none, and gets no key', async (t) => {
  const got: Buffer[] = [];
  const other: Server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-other\r\n');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const refused = await sekisho(['host', 'list'], { SEKISHO_SERVER: `https://127.0.0.1:${port}` });
  assert.match(refused.err, /REMOTE_NOT_SEKISHO/);
  assert.ok(!Buffer.concat(got).includes(key));
});

test('S-05 changes are heard from another machine, and a stream that breaks is opened again without a gap', async (t) => {
  const terminal = fakeTerminal();
  const io = { ...terminal.io, clock: systemClock, random: systemRandom, env: { SEKISHO_API_KEY: key } };
  const cli = {
    io,
    argv: [],
    remote: { server: url, caFingerprint: server.caFingerprint, apiKeyFile: undefined, isFlag: true },
  };
  const connection = await openServer(cli as unknown as Cli, undefined);
  t.after(() => connection.close());
  const events: StreamEvent[] = [];
  const streams: IncomingMessage[] = [];
  const stream: typeof connection.stream = async (path, headers) => {
    const response = await connection.stream(path, headers);
    streams.push(response);
    return response;
  };
  const follower = followEvents(cli as unknown as Cli, { stream }, ['hosts'], (event) => events.push(event));
  t.after(() => follower.close());
  await eventually('it is open', () => (events.some(({ name }) => name === 'ready') ? true : undefined));
  const heard = (hostId: string) =>
    events.some(({ name, data }) => name === 'host.changed' && data.id === hostId);
  const first = await server.enrol({ name: 'one.example' }, { token: await server.token() });
  await eventually('the first is heard', () => (heard(first.hostId) ? true : undefined));
  streams[0]?.destroy();
  const second = await server.enrol({ name: 'two.example' }, { token: await server.token() });
  await eventually('the second is heard', () => (heard(second.hostId) ? true : undefined));
  assert.equal(streams.length, 2);
});

test('S-05 addresses are read as people write them', () => {
  assert.deepEqual(parseServer('backup.example'), { host: 'backup.example', port: 13_291 });
  assert.deepEqual(parseServer('https://[2001:db8::1]:443/'), { host: '2001:db8::1', port: 443 });
  for (const bad of [
    '',
    'https://',
    'ftp://x',
    'https://a b',
    'https://u:p@x',
    'https://x?y',
    'https://x:99999',
  ])
    assert.throws(() => parseServer(bad), /USAGE_SERVER_INVALID/, bad);
});

test('S-05 every verb that takes --data either asks a server, here or elsewhere, or is known as local', () => {
  for (const { path, flags } of VERBS) {
    if (!Object.hasOwn(flags, 'data')) continue;
    const file = new URL(`commands/${path.replace(' ', '/')}.ts`, import.meta.url);
    const text = readFileSync(file, 'utf8');
    if (!text.includes('serverData')) continue;
    assert.equal(/\b(withServer|openServer|changeSettings)\b/.test(text), !LOCAL_VERBS.includes(path), path);
  }
});
