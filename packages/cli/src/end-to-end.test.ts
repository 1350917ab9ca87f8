import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { runCli } from './main.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';
import { launch, runToEnd, type Launched } from './testing/launch.ts';

/** One real domain for all tests of this file: made and run by the real commands, in processes of their own. */
let domain: { data: string; fingerprint: string; server: string; folder: string };
let running: Launched;
let removeFolder: () => Promise<void>;

const initReply = z.object({ caFingerprint: z.string().regex(/^[0-9a-f]{64}$/) });
const readyReply = z.object({
  running: z.literal(true),
  ports: z.object({ agent: z.int(), admin: z.int(), http: z.int() }),
});

before(async () => {
  const { path: folder, remove } = await makeTempFolder();
  removeFolder = remove;
  const data = join(folder, 'server');
  const init = await runToEnd([
    'server',
    'init',
    '--data',
    data,
    '--name',
    'Test 関所',
    '--address',
    '127.0.0.1',
    '--json',
  ]);
  assert.equal(init.code, 0, init.stdout);
  const fingerprint = initReply.parse(JSON.parse(init.stdout)).caFingerprint;
  running = launch([
    ...['server', 'run', '--data', data, '--listen', '127.0.0.1', '--json'],
    ...['--agent-port', '0', '--admin-port', '0', '--http-port', '0'],
  ]);
  const ready = await eventually('the server is ready', () => {
    if (running.process.exitCode !== null) throw new Error(running.stderr());
    return running.stdout().trimEnd().endsWith('}') ? running.stdout() : undefined;
  });
  const { ports } = readyReply.parse(JSON.parse(ready));
  domain = { data, fingerprint, server: `127.0.0.1:${ports.agent}`, folder };
});
after(async () => {
  running.process.kill('SIGTERM');
  const { code, stdout } = await running.ended;
  await removeFolder();
  assert.equal(code, 0, 'the server stops in good order');
  JSON.parse(stdout); // still exactly one document
});

const admin = (...argv: string[]) => runToEnd([...argv, '--data', domain.data]);

async function newToken(...flags: string[]): Promise<string> {
  const { code, stdout } = await admin('token', 'create', '--name', 'test', '--json', ...flags);
  assert.equal(code, 0, stdout);
  return z.object({ token: z.string().min(20) }).parse(JSON.parse(stdout)).token;
}

test('S-01 T-01 the fingerprint that init printed is the one that the running server tells', async () => {
  const { code, stdout } = await admin('server', 'fingerprint', '--quiet');
  assert.equal(code, 0);
  assert.equal(stdout, `${domain.fingerprint}\n`);
});

test('S-01 T-01 a data folder that holds a domain is not initialised again', async () => {
  const { code, stderr } = await admin('server', 'init', '--name', 'again');
  assert.equal(code, 1);
  assert.match(stderr, /\(DATA_FOLDER_TAKEN\)/);
});

test('S-01 a port that is taken is named with the option that chooses another', async (context) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen({ host: '127.0.0.1', port: 0 }, resolve));
  context.after(() => holder.close());
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const data = join(await tempFolder(context), 'server');
  await runToEnd(['server', 'init', '--data', data, '--name', 'x', '--address', '127.0.0.1']);
  const { code, stderr } = await runToEnd([
    ...['server', 'run', '--data', data, '--listen', '127.0.0.1', '--agent-port', String(port)],
    ...['--admin-port', '0', '--http-port', '0'],
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /\(PORT_TAKEN\)\n.*--agent-port N/);
});

test('T-10 a fingerprint that does not match stops setup and leaves nothing behind', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  const { code, stderr } = await runToEnd([
    ...['agent', 'setup', '--data', data, '--server', domain.server, '--ca-fingerprint', '0'.repeat(64)],
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /\(CA_FINGERPRINT_MISMATCH\)/);
  assert.ok(!existsSync(data));
});

test('T-11 a data folder that cannot be made is named, with the option that chooses another', async (context) => {
  const folder = await tempFolder(context);
  await writeFile(join(folder, 'file'), '');
  const data = join(folder, 'file', 'agent');
  const { code, stderr } = await runToEnd([
    ...['agent', 'setup', '--data', data, '--server', domain.server, '--ca-fingerprint', domain.fingerprint],
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /\(FOLDER_FORBIDDEN\)\n.*--data DIR/);
});

test('T-10 without a fingerprint and without a terminal nothing is set up, and --yes confirms none', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  const { code, stderr } = await runToEnd([
    'agent',
    'setup',
    '--data',
    data,
    '--server',
    domain.server,
    '--yes',
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /\(FINGERPRINT_NEEDED\)\n.*--ca-fingerprint HEX/);
  assert.ok(!existsSync(join(data, 'identity')));
});

test('T-10 a script sets up with a fingerprint file and a token on standard input', async (context) => {
  const folder = await tempFolder(context);
  const data = join(folder, 'agent');
  await writeFile(join(folder, 'ca.txt'), `${domain.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:')}\n`);
  const argv = [
    'agent',
    'setup',
    '--data',
    data,
    '--server',
    domain.server,
    '--name',
    'script-host',
    '--json',
  ];
  const { code, stdout } = await runToEnd(
    [...argv, '--ca-fingerprint-file', join(folder, 'ca.txt'), '--token-file', '-'],
    { input: `${await newToken('--host', 'script-host')}\n` },
  );
  assert.equal(code, 0, stdout);
  const { hostId } = z.object({ deployed: z.literal(true), hostId: z.string() }).parse(JSON.parse(stdout));
  const shown = await admin('host', 'show', 'script-host', '--json');
  assert.equal(z.object({ id: z.string() }).parse(JSON.parse(shown.stdout)).id, hostId);
});

test('T-10 a person is shown the fingerprint and asked; the token that is typed is not shown', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  const token = await newToken();
  const terminal = fakeTerminal({ tty: true, answers: ['', token, 'y'] });
  const io = { ...terminal.io, clock: systemClock, random: systemRandom };
  const code = await runCli(
    ['agent', 'setup', '--data', data, '--server', domain.server, '--name', 'asked-host'],
    io,
  );
  assert.equal(code, 0, terminal.stderr());
  assert.ok(terminal.stderr().includes(domain.fingerprint.slice(0, 4)));
  assert.match(terminal.stderr(), /Are they the same\? \[y\/N\] /);
  assert.ok(!terminal.stderr().includes(token) && !terminal.stdout().includes(token));
  assert.match(terminal.stdout(), /This machine is now the host asked-host\./);
});

test('T-10 a person who says no sets nothing up', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  const terminal = fakeTerminal({ tty: true, answers: ['', '', ''] });
  const io = { ...terminal.io, clock: systemClock, random: systemRandom };
  const code = await runCli(['agent', 'setup', '--data', data, '--server', domain.server, '--name', 'x'], io);
  assert.equal(code, 1);
  assert.match(terminal.stderr(), /\(CA_NOT_CONFIRMED\)/);
  assert.ok(!existsSync(data));
});

test('T-11 a skipped certificate: status says that the host cannot communicate, and the command that completes it', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  const setup = await runToEnd([
    ...['agent', 'setup', '--data', data, '--server', domain.server, '--name', 'later', '--skip-certificate'],
  ]);
  assert.equal(setup.code, 0, setup.stderr);
  assert.ok(setup.stdout.includes(`agent setup --data ${data} --server ${domain.server} --name later`));
  const status = await runToEnd(['agent', 'status', '--data', data]);
  assert.equal(status.code, 1);
  assert.match(status.stdout, /This host cannot communicate/);
  assert.ok(status.stdout.includes(`sekisho agent setup --data ${data} --server ${domain.server}`));
  const japanese = await runToEnd(['agent', 'status', '--data', data], { env: { LANG: 'ja_JP.UTF-8' } });
  assert.match(japanese.stdout, /証明書が配備されていないため通信できません/);
});

test('T-11 a refused token leaves an installed agent that says why', async (context) => {
  const folder = await tempFolder(context);
  const data = join(folder, 'agent');
  await writeFile(join(folder, 'token'), 'not-a-token-of-this-domain\n');
  const setup = await runToEnd([
    ...['agent', 'setup', '--data', data, '--server', domain.server, '--name', 'refused'],
    ...['--ca-fingerprint', domain.fingerprint, '--token-file', join(folder, 'token')],
  ]);
  assert.equal(setup.code, 1);
  assert.match(setup.stderr, /\(TOKEN_REFUSED\)/);
  const status = await runToEnd(['agent', 'status', '--data', data]);
  assert.match(status.stdout, /\(TOKEN_REFUSED\)/);
});

test('P-10 the consent to commands is kept for the next start of an agent that does not run', async (context) => {
  const data = join(await tempFolder(context), 'agent');
  await runToEnd([
    'agent',
    'setup',
    '--data',
    data,
    '--server',
    domain.server,
    '--name',
    'c',
    '--skip-certificate',
  ]);
  const set = await runToEnd(['agent', 'set', '--allow-commands', 'on', '--data', data]);
  assert.equal(set.code, 0, set.stderr);
  const status = await runToEnd(['agent', 'status', '--data', data, '--json']);
  assert.equal(
    z.object({ settings: z.object({ allowCommands: z.boolean() }) }).parse(JSON.parse(status.stdout)).settings
      .allowCommands,
    true,
  );
});

test('T-12 S-01 names are registered one by one and from a file, all or none', async (context) => {
  const folder = await tempFolder(context);
  assert.equal((await admin('host', 'register', 'known-1.example.com')).code, 0);
  await writeFile(join(folder, 'good.csv'), 'name\nknown-2.example.com\nknown-3.example.com\n');
  await writeFile(join(folder, 'bad.csv'), 'name\nknown-4.example.com\nnot a name\n');
  assert.equal((await admin('host', 'import', join(folder, 'good.csv'))).code, 0);
  assert.equal((await admin('host', 'import', join(folder, 'bad.csv'))).code, 1);
  const { stdout } = await admin('host', 'known');
  assert.match(stdout, /known-3\.example\.com/);
  assert.doesNotMatch(stdout, /known-4\.example\.com/);
  assert.equal((await admin('host', 'unregister', 'known-1.example.com')).code, 0);
});

test('T-12 S-01 the security level is set and shown, and the change is in the audit log', async () => {
  assert.equal((await admin('security', 'set', '--level', 'very-high')).code, 0);
  assert.match((await admin('security', 'show')).stdout, /very high/);
  assert.equal((await admin('security', 'set', '--level', 'high')).code, 0);
  assert.match((await admin('audit', 'list')).stdout, /set-security/);
});

test('T-01 S-01 the root key leaves the server into an encrypted file, and comes back with the passphrase alone', async (context) => {
  const folder = await tempFolder(context);
  const file = join(folder, 'root-key');
  const env = { PASSPHRASE: 'nine lives of a stone lantern' };
  const withPassphrase = (...argv: string[]) =>
    runToEnd([...argv, '--data', domain.data, '--passphrase-env', 'PASSPHRASE'], { env });
  const unasked = await withPassphrase('server', 'detach-root', '--out', file);
  assert.match(unasked.stderr, /\(CONFIRMATION_NEEDED\)/);
  const detached = await withPassphrase('server', 'detach-root', '--out', file, '--yes');
  assert.equal(detached.code, 0, detached.stderr);
  const { mode } = await stat(file);
  assert.equal(mode & 0o777, 0o600);
  assert.doesNotMatch(await readFile(file, 'utf8'), /PRIVATE KEY/);
  const again = await withPassphrase('server', 'detach-root', '--out', `${file}.2`, '--yes');
  assert.match(again.stderr, /\(KEY_DETACHED\)/);
  const wrong = await runToEnd(
    ['server', 'attach-root', '--in', file, '--data', domain.data, '--passphrase-file', '-'],
    { input: 'not that passphrase\n' },
  );
  assert.match(wrong.stderr, /\(PASSPHRASE_WRONG\)/);
  const attached = await withPassphrase('server', 'attach-root', '--in', file);
  assert.equal(attached.code, 0, attached.stderr);
  const kept = await withPassphrase('server', 'detach-root', '--out', file, '--yes');
  assert.match(kept.stderr, /\(FILE_EXISTS\)/);
});

test('T-13 S-01 a token is shown once, listed without its secret, and deleted', async () => {
  const token = await newToken('--uses', '3', '--valid', '15m');
  const listed = await admin('token', 'list', '--json');
  assert.ok(!listed.stdout.includes(token));
  const { tokens } = z
    .object({ tokens: z.array(z.object({ id: z.string(), usesMax: z.int(), state: z.string() })) })
    .parse(JSON.parse(listed.stdout));
  const { id } = tokens.find(({ usesMax, state }) => usesMax === 3 && state === 'active') ?? { id: '' };
  assert.equal((await admin('token', 'delete', id)).code, 0);
  assert.match((await admin('token', 'list')).stdout, /deleted/);
});
