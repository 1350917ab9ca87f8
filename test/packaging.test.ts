import { VERBS } from '@sekisho/cli/verbs.ts';
import { PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { signPackage } from '@sekisho/core/wire/packages.ts';
import { createToken, listHosts } from '@sekisho/core/wire/trust.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { appendFile, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { filesBelow } from '../tools/source-files.ts';
import { DebianMachine } from './debian-machine.ts';
import { ROOT } from './root.ts';

/** Runs a program to its end with nothing of ours in its environment. */
const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });

/** The package of this tree: made once for all tests here. */
let built: { readonly file: string; readonly made: ReturnType<typeof run> } | undefined;
const removals: (() => unknown)[] = [];
after(async () => {
  for (const remove of removals) await remove();
});
async function builtPackage(): Promise<NonNullable<typeof built>> {
  if (built === undefined) {
    const { path, remove } = await makeTempFolder();
    removals.push(remove);
    const made = run(process.execPath, join(ROOT, 'tools/package-deb.ts'), path);
    built = { file: made.stdout.trim(), made };
  }
  return built;
}

test('S-08 the Debian package holds a program that runs, asks nothing, and keeps the data', async (t) => {
  if (run('dpkg-deb', '--version').status !== 0) return t.skip('dpkg-deb is not on this machine');
  const folder = await tempFolder(t);
  const { file, made: making } = await builtPackage();
  assert.equal(making.status, 0, making.stderr);
  assert.match(file, /\/sekisho_\d+\.\d+\.\d+_(amd64|arm64)\.deb$/);
  const [tree, control] = [join(folder, 'tree'), join(folder, 'control')];
  assert.equal(run('dpkg-deb', '-x', file, tree).status, 0);
  assert.equal(run('dpkg-deb', '-e', file, control).status, 0);

  const program = join(tree, 'usr/bin/sekisho');
  const version = run(program, '--version');
  assert.equal(version.stderr, '');
  assert.match(file, new RegExp(`sekisho_${version.stdout.trim()}_`));
  const data = join(folder, 'data');
  const made = run(program, 'server', 'init', '--data', data, '--name', 'Packaged', '--quiet');
  assert.match(made.stdout, /^[0-9a-f]{64}\n$/, made.stderr);
  assert.ok(existsSync(join(data, 'server.json')));

  const shipped = filesBelow(tree);
  for (const wanted of ['usr/lib/systemd/system/sekisho-server.service', 'etc/default/sekisho-agent'])
    assert.ok(shipped.includes(wanted), wanted);
  assert.deepEqual(
    shipped.filter((path) => path.includes('testkit') || path.endsWith('.test.ts')),
    [],
  );
  for (const script of readdirSync(control).filter((name) => /^(pre|post)/.test(name))) {
    const path = join(control, script);
    assert.equal(run('sh', '-n', path).status, 0, script);
    assert.equal(statSync(path).mode & 0o777, 0o755, script);
    assert.doesNotMatch(readFileSync(path, 'utf8'), /\brm\b|userdel|debconf|\bread\b.*</, script);
  }
  assert.match(readFileSync(join(control, 'conffiles'), 'utf8'), /^\/etc\/default\/sekisho-server$/m);
  const facts = readFileSync(join(control, 'control'), 'utf8');
  assert.doesNotMatch(facts, /@[A-Z]+@/);
  assert.match(facts, /^Depends: libc6 [^\n]*$/m);
});

test('F-04 S-08 on a real Debian system: installed by dpkg, upgraded by the agent, put back when the new one fails, and nothing of its own is lost', async (t) => {
  if (run('dpkg-deb', '--version').status !== 0) return t.skip('dpkg-deb is not on this machine');
  const fleet = await Fleet.start(t);
  const machine = await DebianMachine.make(t, await tempFolder(t), fleet.folder);
  if (machine === undefined) return t.skip('needs root, overlays and a Debian system');
  const { file } = await builtPackage();
  const [, first = '', architecture = ''] = /_([\d.]+)_(\w+)\.deb$/.exec(file) ?? [];
  const ok = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await machine.run(...command);
    assert.equal(code, 0, `${command.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const installed = async (): Promise<string> => {
    const status = await ok(
      'dpkg-query',
      '--show',
      '--showformat',
      '${Version} ${db:Status-Status}',
      'sekisho',
    );
    return `${status}, runs ${await ok('sekisho', '--version')}`;
  };
  const carry = async (name: string): Promise<string> => {
    const path = join(fleet.folder, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  /** A package out of a tree, signed by the domain. */
  const pack = async (tree: string, version: string): Promise<string> => {
    const path = join(fleet.folder, `sekisho_${version}.deb`);
    const made = run('dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, path);
    assert.equal(made.status, 0, made.stderr);
    const platform = architecture === 'arm64' ? 'linux-arm64' : 'linux-amd64';
    const content = { version, platform, fileName: basename(path), minimumVersion: null } as const;
    const body = { ...content, ...(await hashFile(path, PACKAGE_BYTES_MAX)), publish: false };
    const { signature } = await fleet.call(signPackage, { body });
    await writeFile(`${path}.signature`, signature);
    return path;
  };
  /** One with a program that says `says`, and a script that runs after it was unpacked. */
  const small = async (version: string, says: string, postinst: string): Promise<string> => {
    const tree = await carry(`tree-${version}`);
    for (const folder of ['DEBIAN', 'usr/bin']) await mkdir(join(tree, folder), { recursive: true });
    const facts = { Package: 'sekisho', Version: version, Architecture: architecture, Maintainer: 'nobody' };
    const control = Object.entries({ ...facts, Description: 'test' }).map((pair) => `${pair.join(': ')}\n`);
    await writeFile(join(tree, 'DEBIAN/control'), control.join(''));
    await writeFile(join(tree, 'DEBIAN/postinst'), `#!/bin/sh\n${postinst}\n`, { mode: 0o755 });
    await writeFile(join(tree, 'usr/bin/sekisho'), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
    return pack(tree, version);
  };
  const upgrade = async (path: string): Promise<string> => {
    const { stdout } = await machine.run('sekisho', 'agent', 'upgrade', '--package', path, '--json');
    const said = JSON.parse(stdout) as { done?: boolean; code?: string; error?: { code?: string } };
    return said.done === true ? 'done' : (said.error?.code ?? said.code ?? stdout);
  };

  const there = join(await carry('first'), basename(file));
  await copyFile(file, there);
  await ok('dpkg', '--install', '--force-unsafe-io', there); // nobody needs these files after a loss of power
  assert.match(await ok('getent', 'passwd', 'sekisho'), /nologin$/);
  const settings = '/etc/default/sekisho-agent';
  await ok('sh', '-c', `echo '# ours' >> ${settings}`);
  const { token } = await fleet.call(createToken, { body: { name: 'packaged' } });
  const tokenFile = join(fleet.folder, 'token');
  await writeFile(tokenFile, token);
  const at = `127.0.0.1:${fleet.server.ports.agent}`;
  const how = ['--server', at, '--ca-fingerprint', fleet.caFingerprint, '--token-file', tokenFile];
  await ok('sekisho', 'agent', 'setup', ...how, '--name', 'packaged.example');
  const identity = () =>
    ok('sh', '-c', 'cd /var/lib/sekisho/agent && cat agent.json && sha256sum identity/* anchors.pem');
  const before = await identity();

  const tree = await carry('tree');
  assert.equal(run('dpkg-deb', '--raw-extract', file, tree).status, 0);
  const versioned = [
    'usr/lib/sekisho/packages/cli/package.json',
    'usr/lib/sekisho/packages/agent/package.json',
  ];
  for (const path of ['DEBIAN/control', ...versioned].map((name) => join(tree, name)))
    await writeFile(path, (await readFile(path, 'utf8')).replace(first, '9.2.0'));
  await appendFile(join(tree, 'etc/default/sekisho-agent'), '# another default\n');
  // the same Node, from where the machine has it: most of a package is that
  const node = join(tree, `usr/lib/sekisho/node_modules/node-linux-${process.arch}/bin/node`);
  await rm(node);
  await symlink(process.execPath, node);
  assert.equal(await upgrade(await pack(tree, '9.2.0')), 'done');
  assert.equal(await installed(), '9.2.0 installed, runs 9.2.0');
  assert.match(await ok('cat', settings), /# ours$/, 'nobody is asked, and what was set stays');
  assert.equal(await identity(), before);

  assert.equal(await upgrade(await small('9.5.0', 'echo 9.5.0', 'exit 1')), 'PACKAGE_WENT_BACK');
  assert.equal(await installed(), '9.2.0 installed, runs 9.2.0');
  assert.match(await ok('cat', settings), /# ours$/);
  assert.equal(await identity(), before);

  const agent = machine.start('sekisho', 'agent', 'run', '--data', '/var/lib/sekisho/agent');
  const stopped = once(agent, 'exit');
  await eventually('the host is online with the new version', async () => {
    const { hosts } = await fleet.call(listHosts, { query: { name: 'packaged.example' } });
    return hosts[0]?.version === '9.2.0' && hosts[0].states.includes('online') ? true : undefined;
  }).finally(() => agent.kill());
  await stopped;
  await ok('dpkg', '--purge', 'sekisho');
  assert.equal(await identity(), before, 'the data stays, also at a purge');
});

test('S-08 the container file copies what there is, runs as nobody in particular, and has no secret in a layer', () => {
  const text = readFileSync(join(ROOT, 'packaging/container/Containerfile'), 'utf8').replace(/\\\n\s*/g, ' ');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const having = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  assert.equal(having('FROM').length, 2);
  const sources = having('COPY')
    .filter((line) => !line.startsWith('--from='))
    .flatMap((line) => line.split(' ').slice(0, -1));
  assert.ok(sources.length > 0);
  for (const source of sources) assert.ok(existsSync(join(ROOT, source)), source);
  assert.deepEqual(
    having('COPY').filter((line) => line.startsWith('--from=') && !line.startsWith('--from=build ')),
    [],
  );
  assert.deepEqual(having('ARG'), []);
  assert.deepEqual(having('ENV'), ['SEKISHO_DATA=/var/lib/sekisho/server']);
  assert.deepEqual(having('VOLUME'), ['/var/lib/sekisho/server']);

  const [user = ''] = having('USER');
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/);
  const last = (word: string): number => lines.findLastIndex((line) => line.startsWith(`${word} `));
  assert.ok(last('USER') > last('RUN') && last('USER') < last('ENTRYPOINT'));

  const commands = [
    ...having('CMD'),
    ...having('HEALTHCHECK').map((line) => line.slice(line.indexOf('CMD ') + 4)),
  ].map((line) =>
    (JSON.parse(line) as string[])
      .filter((word) => word !== 'sekisho')
      .slice(0, 2)
      .join(' '),
  );
  assert.deepEqual(commands, ['server run', 'server fingerprint']);
  for (const command of commands)
    assert.ok(
      VERBS.some(({ path }) => path === command),
      command,
    );
  assert.deepEqual(having('EXPOSE'), ['13000 13291 8014']);
});
