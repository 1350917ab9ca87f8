import { AppError, ERRORS } from '@sekisho/core/errors.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import { Command } from 'commander';
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { SekishoCommand } from './command.ts';
import { exitCodeOf } from './output/refusal.ts';
import { runCli } from './main.ts';
import { fakeRoute, startFakeServer, type FakeRoute } from './testing/fake-server.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';
import { asOrdinaryUser, LAUNCHER } from './testing/launch.ts';
import { sampleRoutes } from './testing/sample-domain.ts';
import { VERBS } from './verbs.ts';

async function run(
  context: TestContext,
  argv: readonly string[],
  routes: readonly FakeRoute[] = sampleRoutes(),
) {
  const server = await startFakeServer(routes);
  context.after(() => server.close());
  const terminal = fakeTerminal({ env: { SEKISHO_DATA: server.dataFolder } });
  const exitCode = await runCli(argv, terminal.io);
  return { exitCode, stdout: terminal.stdout(), stderr: terminal.stderr(), server };
}

const refusal = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    words: z.string().min(1),
    hint: z.string().min(1),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
});

for (const argv of [
  ['host', 'list'],
  ['host', 'show', 'nobody'],
  ['host', 'show'],
  ['nonsense'],
  ['cert', 'revoke', 'web-01'],
  ['backup', 'run', 'web files'],
  ['security', 'set', '--level', 'no'],
  ['agent', 'status', '--data', '/nonexistent'],
]) {
  test(`S-01 "${argv.join(' ')} --json" prints exactly one JSON document and nothing else`, async (context) => {
    const { exitCode, stdout, stderr } = await run(context, [...argv, '--json']);
    const document: unknown = JSON.parse(stdout);
    assert.equal(stderr, '');
    assert.equal(refusal.safeParse(document).success, exitCode !== 0);
  });
}

test('S-01 the global flags may stand before the noun', async (context) => {
  const { stdout, exitCode } = await run(context, ['--json', 'security', 'show']);
  assert.equal(exitCode, 0);
  assert.equal(z.object({ level: z.string() }).parse(JSON.parse(stdout)).level, 'high');
});

test('a word after -- is an argument, whatever it looks like', async (context) => {
  const { exitCode, stderr } = await run(context, ['host', 'show', '--', '--json']);
  assert.equal(exitCode, 1);
  assert.match(stderr, /There is no host --json\./);
});

test('a reply of another version is refused in words', async (context) => {
  const bent = { ...getDomain, reply: z.object({ surprise: z.string() }) };
  const { exitCode, stderr } = await run(
    context,
    ['server', 'fingerprint'],
    [fakeRoute(bent, () => ({ surprise: 'x' }))],
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /\(SERVER_REPLY_UNREADABLE\)/);
});

test('S-01 a refusal of the server comes out with its own code, words and hint', async (context) => {
  const { stderr } = await run(
    context,
    ['server', 'fingerprint'],
    [
      fakeRoute(getDomain, () => {
        throw new AppError('RIGHT_MISSING', { right: 'domain.read' });
      }),
    ],
  );
  assert.match(
    stderr,
    /sekisho: error: You do not have the right domain\.read\. \(RIGHT_MISSING\)\nsekisho: hint: Ask/,
  );
});

test('a server that is not running is named with the command that starts it', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho cli '));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'server.json'), '{}');
  const terminal = fakeTerminal();
  assert.equal(await runCli(['host', 'list', '--data', folder], terminal.io), 1);
  assert.match(terminal.stderr(), /\(SERVER_NOT_RUNNING\)/);
  assert.ok(terminal.stderr().includes(`sekisho server run --data '${folder}'`));
});

test('a long data folder is found through the path that the server recorded', async (context) => {
  const server = await startFakeServer(sampleRoutes());
  context.after(() => server.close());
  const folder = await mkdtemp(join(tmpdir(), `sekisho-${'long-'.repeat(20)}`));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'server.json'), '{}');
  await mkdir(join(folder, 'run'));
  await writeFile(join(folder, 'run', 'socket-path'), `${join(server.dataFolder, 'run', 'admin.sock')}\n`);
  const terminal = fakeTerminal();
  assert.equal(await runCli(['server', 'fingerprint', '-q', '--data', folder], terminal.io), 0);
});

test('a data folder of another user is refused with the way to act as that user', async (context) => {
  const prefix = asOrdinaryUser();
  if (prefix === undefined) {
    context.skip('no way to become another user here');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-cli-'));
  context.after(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });
  await chmod(folder, 0o000);
  const [command = '', ...args] = [...prefix, LAUNCHER, 'host', 'list', '--data', folder];
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  assert.equal(status, 1);
  assert.match(stderr, /\(SERVER_SOCKET_FORBIDDEN\)\n.*sudo -u \S+ sekisho host list/);
});

test('S-01 Ctrl-C while watching leaves the job running and says how to go on', async (context) => {
  const server = await startFakeServer(sampleRoutes());
  context.after(() => server.close());
  const terminal = fakeTerminal({ env: { SEKISHO_DATA: server.dataFolder } });
  const { clock } = terminal.io;
  const io = {
    ...terminal.io,
    clock: {
      ...clock,
      sleep: (delayMs: number, signal?: AbortSignal) => {
        terminal.interrupt();
        return clock.sleep(delayMs, signal);
      },
    },
  };
  assert.equal(await runCli(['backup', 'run', 'web files'], io), 130);
  assert.match(
    terminal.stderr(),
    /\(WAIT_INTERRUPTED\)\n.*sekisho job watch a{32} · end it: sekisho job cancel a{32}/,
  );
  assert.ok(!server.requests.some((request) => request.includes('cancel')));
});

test('S-01 exit codes: usage 2, not proved 3, interrupted 130, every other refusal 1', () => {
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    const expected = code.startsWith('USAGE_')
      ? 2
      : /^(WAIT_)?INTERRUPTED$/.test(code)
        ? 130
        : /^DEMO_(NOT_PROVED|NOTHING_TO_PROVE|JOB_FAILED)$/.test(code)
          ? 3
          : 1;
    assert.equal(exitCodeOf(new AppError(code)), expected, code);
  }
});

test('the methods that carry the refusals are still those that commander calls', () => {
  for (const method of [
    'unknownCommand',
    'unknownOption',
    'missingArgument',
    'optionMissingArgument',
    'missingMandatoryOptionValue',
    '_excessArguments',
    'help',
    'createHelp',
  ]) {
    assert.ok(Object.hasOwn(Command.prototype, method), `commander has ${method}`);
    assert.ok(Object.hasOwn(SekishoCommand.prototype, method), `we override ${method}`);
  }
});

test('every verb has a file of its own, named after it', async () => {
  for (const { path } of VERBS) {
    await access(join(import.meta.dirname, 'commands', `${path.replace(' ', '/')}.ts`));
  }
});
