import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { say } from './words.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Ctrl-C reaches us twice: from the terminal, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 500;
const STOP_WITHIN_MS = 90_000;
const END_WITHIN_MS = 3_000;
const PARENT_CHECK_MS = 1_000;
const MARK = 'SEKISHO_RUN_MARK';

/**
 * Runs a script under the pinned Node and resolves with its exit code. Signals are passed on; a script with a process group
 * of its own leaves nothing behind, whether it ends, is told to, or the npm that started it dies.
 */
export async function runTarget({ node, root, command: [program, ...args], folder, group }) {
  const mark = randomUUID();
  const child = spawn(program, args, {
    cwd: folder,
    stdio: 'inherit',
    detached: group,
    env: { ...process.env, [MARK]: mark, PATH: pathWith(root, node) },
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
  const stopForwarding = forwardSignals(child, group);
  try {
    return await ended;
  } finally {
    stopForwarding();
    if (group) await endLeftovers(child.pid, mark);
  }
}

const pathWith = (root, node) =>
  [dirname(node), join(root, 'node_modules', '.bin'), ...(process.env.PATH ?? '').split(delimiter)]
    .filter((folder, at, all) => folder !== '' && all.indexOf(folder) === at)
    .join(delimiter);

function forwardSignals(child, group) {
  const last = new Map();
  let killer;
  const onSignal = (signal) => {
    const nowMs = performance.now();
    if (nowMs - (last.get(signal) ?? -SAME_SIGNAL_MS) < SAME_SIGNAL_MS) return;
    last.set(signal, nowMs);
    // without a group of its own the child hears the terminal's Ctrl-C itself
    if (group || signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    killer ??= setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS).unref();
  };
  for (const signal of FORWARDED) process.on(signal, onSignal);
  const parent = process.ppid;
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  const watch = setInterval(() => {
    if (underNpm && process.ppid !== parent) onSignal('SIGTERM');
  }, PARENT_CHECK_MS).unref();
  return () => {
    clearInterval(watch);
    clearTimeout(killer);
    for (const signal of FORWARDED) process.off(signal, onSignal);
    // from here on the clean-up finishes whatever is pressed
    for (const signal of FORWARDED) process.on(signal, () => undefined);
  };
}

/** Ends what is still in the group, and what carries this run's mark in its environment (it may have left the group). */
async function endLeftovers(groupId, mark) {
  if (process.platform !== 'linux') return kill(-groupId, 'SIGTERM');
  const left = () => [...new Set([...inGroup(groupId), ...marked(mark)])];
  let found = left();
  if (found.length === 0) return;
  await settle(left, 500);
  found = left();
  if (found.length === 0) return;
  say('leftBehind', { count: found.length, names: found.map((pid) => `${nameOf(pid)} (${pid})`).join(', ') });
  for (const pid of found) kill(pid, 'SIGTERM');
  await settle(left, END_WITHIN_MS);
  for (const pid of left()) kill(pid, 'SIGKILL');
}

async function settle(left, withinMs) {
  const until = performance.now() + withinMs;
  while (left().length > 0 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function processes() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return [];
  }
}

const inGroup = (groupId) =>
  processes()
    .filter((pid) => {
      const stat = readProc(pid, 'stat');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[2] === String(groupId) && fields[0] !== 'Z';
    })
    .map(Number);

const marked = (mark) =>
  processes()
    .filter((pid) => readProc(pid, 'environ').includes(`${MARK}=${mark}`))
    .map(Number);

const nameOf = (pid) => readProc(pid, 'comm').trim() || '?';

function readProc(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has gone by itself
  }
}
