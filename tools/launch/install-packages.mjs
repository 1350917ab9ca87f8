import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { withLock } from './lock-file.mjs';
import { fail, say } from './words.mjs';

/**
 * Runs `npm ci` when node_modules is missing or is not what package-lock.json says. A stamp with the lock file's SHA-256
 * makes the common case one read; two runs at once wait for each other.
 */
export async function installPackages(root) {
  const wanted = stampOf(root);
  if (stampIs(root, wanted)) return;
  const work = join(root, '.sekisho');
  makeWritable(root, work);
  await withLock(join(work, 'install.lock'), async () => {
    if (stampIs(root, wanted)) return;
    if (!installedIsLocked(root)) await npmCi(root);
    writeFileSync(stampPath(root), `${wanted}\n`);
  });
}

const stampPath = (root) => join(root, 'node_modules', '.sekisho-lock-sha256');

const stampOf = (root) =>
  `${createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')} ${process.platform}-${process.arch}`;

function stampIs(root, wanted) {
  try {
    return readFileSync(stampPath(root), 'utf8').trim() === wanted;
  } catch {
    return false;
  }
}

/** True when npm's own record of what it installed agrees with the lock file: then `npm install` has done our work. */
function installedIsLocked(root) {
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, entry] of Object.entries(installed)) {
    const wanted = locked[path];
    if (wanted === undefined || wanted.version !== entry.version || wanted.integrity !== entry.integrity)
      return false;
  }
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === '' || installed[path] !== undefined || wanted.optional === true) continue;
    return false;
  }
  const pinned = join('node_modules', `node-${process.platform}-${process.arch}`);
  return locked[pinned] === undefined || existsSync(join(root, pinned, 'bin', 'node'));
}

function npmCi(root) {
  say('installingPackages');
  const [command, first] = findNpm(root);
  const args = [
    ...first,
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: npmEnvironment(root), stdio: ['ignore', 2, 2] });
    child.on('error', () => resolve('ENOENT'));
    child.on('exit', (code, signal) => resolve(code ?? signal));
  }).then((status) => {
    if (status === 'ENOENT') fail('npmMissing');
    if (status !== 0) fail('npmFailed', { status, root });
  });
}

/**
 * npm as it was called, run by the machine's own Node: the Node inside node_modules is about to be replaced.
 */
function findNpm(root) {
  const script = process.env.npm_execpath;
  if (script === undefined || !script.endsWith('.js') || !existsSync(script)) return ['npm', []];
  const inside = join(root, 'node_modules') + sep;
  const candidates = outerPath(root).map((folder) => join(folder, 'node'));
  for (const node of [process.execPath, ...candidates]) {
    try {
      if (realpathSync(node).startsWith(inside)) continue;
      accessSync(node, constants.X_OK);
      return [node, [script]];
    } catch {
      // not there: the next one
    }
  }
  return [process.execPath, [script]];
}

/** The caller's PATH without what npm put before it. */
const outerPath = (root) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.startsWith(join(root, 'node_modules')));

/** An npm that runs inside an npm inherits its settings; those that name a folder would lead it astray. */
function npmEnvironment(root) {
  const environment = { ...process.env, PATH: outerPath(root).join(delimiter) };
  for (const key of Object.keys(environment)) {
    if (/^npm_(package|lifecycle|command)/.test(key)) delete environment[key];
    if (
      /^npm_config_(prefix|local_prefix|global_prefix|globalconfig|json|dry_run|workspace|workspaces|global|omit|production)$/i.test(
        key,
      )
    ) {
      delete environment[key];
    }
  }
  if (environment.npm_config_cache === undefined || !isWritable(dirname(environment.npm_config_cache))) {
    if (isWritable(homedir())) delete environment.npm_config_cache;
    else environment.npm_config_cache = join(root, '.sekisho', 'npm-cache');
  }
  return environment;
}

function makeWritable(root, work) {
  try {
    mkdirSync(work, { recursive: true });
    const probe = join(work, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch {
    fail('notWritable', { path: root });
  }
  if (!isWritable(root)) fail('notWritable', { path: root });
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
