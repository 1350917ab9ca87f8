import { VERBS } from '@sekisho/cli/verbs.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

/** Runs a program to its end with nothing of ours in its environment. */
const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });

test('S-08 the Debian package holds a program that runs, asks nothing, and keeps the data', async (t) => {
  if (run('dpkg-deb', '--version').status !== 0) return t.skip('dpkg-deb is not on this machine');
  const folder = await tempFolder(t);
  const built = run(process.execPath, join(ROOT, 'tools/package-deb.ts'), folder);
  assert.equal(built.status, 0, built.stderr);
  const file = built.stdout.trim();
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
