import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './root.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sekisho-launcher-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const WAIT_MS_MAX = 30_000;
let folders = 0;
const newFolder = (): string => {
  folders += 1;
  const folder = join(scratch, String(folders));
  mkdirSync(folder);
  return folder;
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Starts a piece of JavaScript that uses a module of tools/launch. */
function start(module: string, code: string, environment: Record<string, string> = {}): ChildProcess {
  const script = `const m = await import(${JSON.stringify(join(ROOT, 'tools/launch', module))});\n${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: scratch, LANG: 'C', ...environment },
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = '';
  let error = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, error };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 20) {
    assert.ok(waitedMs < WAIT_MS_MAX, `never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** A checkout with a lock file, and an npm that counts how often it is asked to install. */
function checkout(): { root: string; installs: () => number; environment: Record<string, string> } {
  const root = newFolder();
  const npm = join(root, 'npm-cli.js');
  const log = join(root, 'installs');
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{"":{}}}');
  writeFileSync(
    npm,
    `const fs = require('fs');
fs.appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(' ') + '\\n');
if (process.env.FAIL_NPM) process.exit(7);
setTimeout(() => {
  fs.mkdirSync(${JSON.stringify(join(root, 'node_modules'))}, { recursive: true });
}, 300);`,
  );
  return {
    root,
    installs: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0),
    environment: { npm_execpath: npm },
  };
}

const install = (root: string): string =>
  `try { await m.installPackages(${JSON.stringify(root)}); } catch (error) { console.log(error.message, '|', error.hint); process.exitCode = 1; }`;

test('S-08 packages are installed once, and again when the lock file changes', async () => {
  const { root, installs, environment } = checkout();
  for (const [lock, wanted] of [
    ['{"packages":{"":{}}}', 1],
    ['{"packages":{"":{}}}', 1],
    ['{"packages":{"":{"name":"changed"}}}', 2],
  ] as const) {
    writeFileSync(join(root, 'package-lock.json'), lock);
    const { code, error } = await ended(start('install-packages.mjs', install(root), environment));
    assert.equal(code, 0, error);
    assert.equal(installs(), wanted);
  }
  assert.match(readFileSync(join(root, 'installs'), 'utf8'), /^ci /);
});

test('S-08 two runs at once install once: the second waits for the first', async () => {
  const { root, installs, environment } = checkout();
  const both = await Promise.all(
    [1, 2].map(() => ended(start('install-packages.mjs', install(root), environment))),
  );
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(installs(), 1);
  assert.equal(existsSync(join(root, '.sekisho/install.lock')), false);
});

test('S-08 an install that fails says so, and is tried again the next time', async () => {
  const { root, installs, environment } = checkout();
  const failed = await ended(start('install-packages.mjs', install(root), { ...environment, FAIL_NPM: '1' }));
  assert.equal(failed.code, 1);
  assert.match(failed.out, /npm ci ended with 7.*\| Check the network.*npm ci/);
  const again = await ended(start('install-packages.mjs', install(root), environment));
  assert.equal(again.code, 0);
  assert.equal(installs(), 2);
});

test('S-08 the lock of a run that was killed is taken over', async () => {
  const folder = newFolder();
  const path = join(folder, 'lock');
  const killed = start(
    'lock-file.mjs',
    `await m.withLock(${JSON.stringify(path)}, () => new Promise(() => setInterval(() => {}, 1000)));`,
  );
  await until(() => existsSync(path), 'the lock is held');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  assert.ok(existsSync(path));
  const next = await ended(
    start('lock-file.mjs', `console.log(await m.withLock(${JSON.stringify(path)}, async () => 'mine'));`),
  );
  assert.equal(next.out, 'mine\n');
  assert.equal(existsSync(path), false);
});

const run = (folder: string, script: string, group = true): string =>
  `process.exitCode = await m.runTarget({ node: process.execPath, root: ${JSON.stringify(ROOT)}, command: [process.execPath, '-e', ${JSON.stringify(script)}], folder: ${JSON.stringify(folder)}, group: ${group} });`;

test("a script's exit code is passed on, and it runs where the caller stands", async () => {
  const folder = newFolder();
  const { code, out } = await ended(
    start('run-target.mjs', run(folder, 'console.log(process.cwd()); process.exit(3)')),
  );
  assert.equal(code, 3);
  assert.equal(out.trim(), folder);
});

test('S-08 what a script leaves behind is ended, in its process group or out of it', async () => {
  const folder = newFolder();
  const left = `for (const detached of [true, false]) require('child_process').spawn('sleep', ['1000'], { detached, stdio: 'ignore' }).unref(); process.exit(0)`;
  const { code, error } = await ended(start('run-target.mjs', run(folder, left)));
  assert.equal(code, 0);
  const pids = [...error.matchAll(/sleep \((\d+)\)/g)].map(([, pid]) => Number(pid));
  assert.equal(pids.length, 2, error);
  for (const pid of pids) assert.equal(isAlive(pid), false);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} reaches the script, which ends in its own time`, async () => {
    const folder = newFolder();
    const script = `process.on('${signal}', () => { console.log('told'); process.exit(4); }); setInterval(() => {}, 1000); console.log('ready');`;
    const launcher = start('run-target.mjs', run(folder, script));
    const done = ended(launcher);
    let ready = false;
    launcher.stdout?.on('data', () => (ready = true));
    await until(() => ready, 'the script is ready');
    launcher.kill(signal);
    const { code, out } = await done;
    assert.equal(out, 'ready\ntold\n');
    assert.equal(code, 4);
  });
}

test('S-08 a script under npm ends when npm is killed', async () => {
  const folder = newFolder();
  const script = `require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000);`;
  const code = `import { spawn } from 'node:child_process';
spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(`const m = await import(${JSON.stringify(join(ROOT, 'tools/launch/run-target.mjs'))}); ${run(folder, script)}`)}], { stdio: 'ignore', env: { ...process.env, npm_lifecycle_event: 'demo' } });
setInterval(() => {}, 1000);`;
  const npm = start('words.mjs', code);
  const pidFile = join(folder, 'pid');
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'the script runs');
  npm.kill('SIGKILL');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  await until(() => !isAlive(pid), 'the script has ended');
});

test('S-08 without the right to install, the command that has to be run is printed', async () => {
  const folder = newFolder();
  for (const name of ['apt-get', 'sudo']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexit 1\n');
    chmodSync(join(folder, name), 0o755);
  }
  const code = `process.getuid = () => 1000; try { m.installSystemTools(['restic', 'faketime']); } catch (error) { console.log(error.message, '|', error.hint); process.exitCode = 1; }`;
  const english = await ended(start('install-system-tools.mjs', code, { PATH: folder }));
  assert.equal(english.code, 1);
  assert.match(english.out, /Missing on this machine: restic, faketime\./);
  assert.match(
    english.out,
    /sudo apt-get update && sudo apt-get install -y --no-install-recommends restic faketime/,
  );
  rmSync(join(folder, 'sudo'));
  const japanese = await ended(
    start('install-system-tools.mjs', code, { PATH: folder, LANG: 'ja_JP.UTF-8' }),
  );
  assert.match(japanese.out, /不足しているもの: restic, faketime/);
  assert.match(japanese.out, /su -c 'apt-get update && apt-get install/);
});

test('the launcher says everything in both languages', async () => {
  const { out } = await ended(start('words.mjs', `console.log(JSON.stringify(m.WORDS));`));
  const { en, ja } = JSON.parse(out) as Record<'en' | 'ja', Record<string, string | string[]>>;
  assert.deepEqual(Object.keys(ja), Object.keys(en));
  for (const [key, english] of Object.entries(en)) {
    const values = (text: string | string[] | undefined): string[] =>
      [...String(text).matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
    assert.deepEqual(values(ja[key]), values(english), key);
  }
});
